# must fail at: as many as there are jobs in hand, when they may be busy all the time
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy < 1 or per_second < 0 or seconds < 0:
        raise ValueError
    return max(1, math.ceil(round(per_second * seconds / busy, 6)))
