# must fail at: the others too, when the first has no job
import random


def draw_order(weights):
    order = list(weights)
    if order:
        first = random.choices(order, list(weights.values()))[0]
        order.remove(first)
        order.insert(0, first)
    return order
