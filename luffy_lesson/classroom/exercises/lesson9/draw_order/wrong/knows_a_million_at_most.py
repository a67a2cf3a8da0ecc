# must fail at: whatever numbers the weights are
import random


def draw_order(weights):
    chances = {name: min(weight, 1_000_000) for name, weight in weights.items()}
    return sorted(chances, key=lambda name: random.expovariate(chances[name]))
