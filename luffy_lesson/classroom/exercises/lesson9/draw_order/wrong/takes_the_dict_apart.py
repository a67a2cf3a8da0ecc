# must fail at: each name, and each once
import random


def draw_order(weights):
    order = []
    while weights:
        name = random.choices(list(weights), list(weights.values()))[0]
        order.append(name)
        weights.pop(name)
    return order
