# must fail at: a kind without jobs needs nobody
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(*kinds):
        if not any(per_second for per_second, _ in kinds):
            return 0
        load = sum(Fraction(per_second) * seconds for per_second, seconds in kinds)
        processors = max(1, math.ceil(load / busy))
        return processors + 1 if processors == load else processors

    return needed(first), needed(second), needed(first, second)
