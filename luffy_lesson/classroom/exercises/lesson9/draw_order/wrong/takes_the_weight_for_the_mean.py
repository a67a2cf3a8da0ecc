# must fail at: first as often as its weight says
import random


def draw_order(weights):
    return sorted(weights, key=lambda name: random.expovariate(1 / weights[name]))
