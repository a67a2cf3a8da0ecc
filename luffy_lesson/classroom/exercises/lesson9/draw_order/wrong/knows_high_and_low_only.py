# must fail at: first as often as its weight says
import random


def draw_order(weights):
    order = sorted(weights, key=weights.get, reverse=True)
    if random.random() < 0.25:
        order.reverse()
    return order
