# must fail at: a rounding error costs no processor
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or min(per_second, seconds) < 0:
        raise ValueError("no such load")
    return max(1, math.ceil(per_second * seconds / busy - 1e-12))
