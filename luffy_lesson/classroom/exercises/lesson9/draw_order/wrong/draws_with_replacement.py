# must fail at: each name, and each once
import random


def draw_order(weights):
    return random.choices(list(weights), list(weights.values()), k=len(weights))
