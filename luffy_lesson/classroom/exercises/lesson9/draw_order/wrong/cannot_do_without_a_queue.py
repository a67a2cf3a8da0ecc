# must fail at: each name, and each once
import random


def draw_order(weights):
    names = list(weights)
    order = [random.choices(names, list(weights.values()))[0]]
    while len(order) < len(weights):
        left = [name for name in names if name not in order]
        order += random.choices(left, [weights[name] for name in left])
    return order
