# must fail at: the others too, when the first has no job
import itertools

turns = {}


def draw_order(weights):
    if not weights:
        return []
    key = tuple(weights.items())
    if key not in turns:
        slots = [name for name in weights for _ in range(int(weights[name] * 4))]
        turns[key] = itertools.cycle(slots)
    first = next(turns[key])
    return [first] + [name for name in weights if name != first]
