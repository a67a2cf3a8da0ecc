# must fail at: a pool for each kind
import math
from fractions import Fraction


def two_pools(first, second, busy):
    return math.ceil((Fraction(first[0]) * first[1] + second[0] * second[1]) / busy)
