# must fail at: exactly full is not enough
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        return math.ceil(Fraction(load) / busy)

    one, two = first[0] * first[1], second[0] * second[1]
    together = needed(one + two)
    return needed(one), needed(two), together + 1 if together == one + two > 0 else together
