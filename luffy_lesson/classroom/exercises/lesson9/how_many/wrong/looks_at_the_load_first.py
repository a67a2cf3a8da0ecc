# must fail at: refuses what makes no sense
import math


def how_many(per_second, seconds, busy):
    load = per_second * seconds
    if load <= 0:
        return 1
    if not 0 < busy <= 1 or per_second < 0:
        raise ValueError
    return math.ceil(round(load / busy, 6))
