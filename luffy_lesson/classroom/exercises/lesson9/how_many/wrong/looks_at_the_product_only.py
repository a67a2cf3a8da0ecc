# must fail at: refuses what makes no sense
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or per_second * seconds < 0:
        raise ValueError
    return max(1, math.ceil(round(per_second * seconds / busy, 6)))
