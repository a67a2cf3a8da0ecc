# must fail at: whatever numbers the weights are
import random


def draw_order(weights):
    return sorted(weights, key=lambda name: random.expovariate(max(0.5, weights[name])))
