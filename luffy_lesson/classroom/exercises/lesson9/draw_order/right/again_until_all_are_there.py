import random


def draw_order(weights):
    names, chances = list(weights), list(weights.values())
    order = []
    while len(order) < len(names):
        (name,) = random.choices(names, chances)
        if name not in order:
            order.append(name)
    return order
