# must fail at: a pool for each kind
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        processors = math.ceil(Fraction(load) / busy)
        return processors + 1 if processors == load > 0 else processors

    one, two = Fraction(first[0]) / (first[1] or 1), Fraction(second[0]) / (second[1] or 1)
    return needed(one), needed(two), needed(one + two)
