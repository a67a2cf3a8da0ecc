# must fail at: each name, and each once
import random


def draw_order(weights):
    drawn = random.choices(list(weights), list(weights.values()), k=1000) if weights else []
    return list(dict.fromkeys(drawn))
