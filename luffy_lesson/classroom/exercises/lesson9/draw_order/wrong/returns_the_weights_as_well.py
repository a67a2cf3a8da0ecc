# must fail at: each name, and each once
import random


def draw_order(weights):
    return sorted(weights.items(), key=lambda pair: random.expovariate(pair[1]))
