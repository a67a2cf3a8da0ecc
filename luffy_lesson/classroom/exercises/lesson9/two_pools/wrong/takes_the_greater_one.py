# must fail at: one pool for both
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(per_second, seconds):
        load = Fraction(per_second) * seconds
        processors = math.ceil(load / busy)
        return processors + 1 if processors == load > 0 else processors

    one, two = needed(*first), needed(*second)
    return one, two, max(one, two)
