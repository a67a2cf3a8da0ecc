# must fail at: the others too, when the first has no job
import random


def draw_order(weights):
    names = list(weights)
    if not names:
        return []
    first = names.index(random.choices(names, list(weights.values()))[0])
    return names[first:] + names[:first]
