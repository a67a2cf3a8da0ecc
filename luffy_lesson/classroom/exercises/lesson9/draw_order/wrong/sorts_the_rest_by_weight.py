# must fail at: the others too, when the first has no job
import random


def draw_order(weights):
    if not weights:
        return []
    first = random.choices(list(weights), list(weights.values()))[0]
    return [first, *sorted((name for name in weights if name != first), key=weights.get, reverse=True)]
