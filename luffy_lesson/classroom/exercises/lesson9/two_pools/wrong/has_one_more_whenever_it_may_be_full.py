# must fail at: exactly full is not enough
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        return math.ceil(Fraction(load) / busy) + (busy == 1 and load > 0)

    one, two = first[0] * first[1], second[0] * second[1]
    return needed(one), needed(two), needed(one + two)
