from random import SystemRandom

dice = SystemRandom()


def draw_order(weights):
    drawn = {name: dice.random() ** (1 / weight) for name, weight in weights.items()}
    return sorted(drawn, key=drawn.get, reverse=True)
