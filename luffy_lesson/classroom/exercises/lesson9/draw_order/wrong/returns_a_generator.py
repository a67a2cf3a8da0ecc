# must fail at: each name, and each once
import random


def draw_order(weights):
    return (name for name in sorted(weights, key=lambda name: random.expovariate(weights[name])))
