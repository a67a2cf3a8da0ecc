# must fail at: refuses what makes no sense
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or per_second < 0 or seconds < 0:
        return None
    return max(1, math.ceil(round(per_second * seconds / busy, 6)))
