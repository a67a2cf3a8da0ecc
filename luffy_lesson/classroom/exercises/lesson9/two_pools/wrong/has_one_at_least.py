# must fail at: a kind without jobs needs nobody
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        processors = max(1, math.ceil(Fraction(load) / busy))
        return processors + 1 if processors == load else processors

    one, two = first[0] * first[1], second[0] * second[1]
    return needed(one), needed(two), needed(one + two)
