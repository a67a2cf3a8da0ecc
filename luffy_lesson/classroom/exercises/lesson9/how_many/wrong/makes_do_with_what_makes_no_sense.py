# must fail at: refuses what makes no sense
import math


def how_many(per_second, seconds, busy):
    if per_second < 0 or seconds < 0 or busy <= 0:
        raise ValueError
    busy = min(busy, 1)
    return max(1, math.ceil(round(per_second * seconds / busy, 6)))
