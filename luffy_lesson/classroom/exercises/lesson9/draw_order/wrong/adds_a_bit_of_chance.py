# must fail at: first as often as its weight says
import random


def draw_order(weights):
    most = max(weights.values(), default=0)
    return sorted(weights, key=lambda name: weights[name] + random.random() * most, reverse=True)
