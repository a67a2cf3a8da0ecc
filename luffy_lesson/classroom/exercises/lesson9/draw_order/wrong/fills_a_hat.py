# must fail at: whatever numbers the weights are
import random


def draw_order(weights):
    hat = [name for name, weight in weights.items() for _ in range(int(weight * 2))]
    random.shuffle(hat)
    return list(dict.fromkeys(hat))
