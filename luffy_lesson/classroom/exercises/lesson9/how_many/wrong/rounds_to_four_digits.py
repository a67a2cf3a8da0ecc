# must fail at: a part of a processor is a whole one
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or min(per_second, seconds) < 0:
        raise ValueError("no such load")
    needed = round(per_second * seconds / busy, 4)
    return max(math.ceil(needed), 1)
