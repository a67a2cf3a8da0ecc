import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        processors = math.ceil(Fraction(load) / busy)
        full = processors == load > 0  # they would never catch up
        return processors + full

    loads = math.prod(first), math.prod(second)  # Little's law, for each kind
    return needed(loads[0]), needed(loads[1]), needed(sum(loads))
