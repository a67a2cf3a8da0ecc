# must fail at: a pool for each kind
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        return Fraction(load) / busy

    one, two = first[0] * first[1], second[0] * second[1]
    return needed(one), needed(two), needed(one + two)
