# must fail at: one pool for both
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(per_second, seconds):
        load = Fraction(per_second) * seconds
        processors = math.ceil(load / busy)
        return processors + 1 if processors == load > 0 else processors

    mean = Fraction(first[1] + second[1]) / 2
    return needed(*first), needed(*second), needed(first[0] + second[0], mean)
