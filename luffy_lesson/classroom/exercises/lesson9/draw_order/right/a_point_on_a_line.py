import random


def draw_order(weights):
    names, order = list(weights), []
    while names:
        point = random.random() * sum(weights[name] for name in names)
        for name in names:
            point -= weights[name]
            if point < 0:
                break
        names.remove(name)
        order.append(name)
    return tuple(order)
