# must fail at: whatever numbers the weights are
import math
import random


def draw_order(weights):
    return sorted(weights, key=lambda name: random.expovariate(math.ceil(weights[name] * 2)))
