import random


def draw_order(weights):
    left = dict(weights)
    order = []
    while left:
        name = random.choices(list(left), list(left.values()))[0]
        del left[name]
        order.append(name)
    return order
