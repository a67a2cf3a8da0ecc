# must fail at: first as often as its weight says
import random


def draw_order(weights):
    dice = random.Random(0)
    return sorted(weights, key=lambda name: dice.expovariate(weights[name]))
