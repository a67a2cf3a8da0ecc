# must fail at: first as often as its weight says
import random


def draw_order(weights):
    return random.sample(list(weights), len(weights))
