import math
from decimal import Decimal


def how_many(per_second, seconds, busy):
    if per_second < 0:
        raise ValueError("negative")
    if seconds < 0:
        raise ValueError("negative")
    if busy <= 0 or busy > 1:
        raise ValueError("no share")
    exact = Decimal(str(per_second)) * Decimal(str(seconds)) / Decimal(str(busy))
    return max(1, math.ceil(exact))
