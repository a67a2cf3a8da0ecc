# must fail at: first as often as its weight says
import random

drawn = {}


def draw_order(weights):
    key = tuple(weights.items())
    if key not in drawn:
        drawn[key] = sorted(weights, key=lambda name: random.expovariate(weights[name]))
    return drawn[key]
