import math


def how_many(per_second, seconds, busy):
    if not (0 < busy <= 1 and per_second >= 0 and seconds >= 0):
        raise ValueError("no")
    needed = per_second * seconds / busy
    whole = round(needed)
    return max(1, whole if math.isclose(needed, whole) else math.ceil(needed))
