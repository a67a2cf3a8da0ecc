from fractions import Fraction
from math import ceil


def how_many(per_second, seconds, busy):
    per_second, seconds, busy = (Fraction(str(number)) for number in (per_second, seconds, busy))
    if min(per_second, seconds) < 0 or busy <= 0 or busy > 1:
        raise ValueError("that makes no sense")
    return ceil(per_second * seconds / busy) or 1
