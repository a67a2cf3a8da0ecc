# must fail at: counts exactly
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        processors = math.ceil(float(load) / float(busy))
        return processors + 1 if processors == load > 0 else processors

    one, two = first[0] * first[1], second[0] * second[1]
    return needed(one), needed(two), needed(one + two)
