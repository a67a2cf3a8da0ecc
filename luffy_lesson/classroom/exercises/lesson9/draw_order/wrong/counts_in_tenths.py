# must fail at: whatever numbers the weights are
import random


def draw_order(weights):
    hat = [name for name, weight in weights.items() for _ in range(round(weight * 10))]
    order = []
    for name in random.sample(hat, len(hat)):
        if name not in order:
            order.append(name)
    return order
