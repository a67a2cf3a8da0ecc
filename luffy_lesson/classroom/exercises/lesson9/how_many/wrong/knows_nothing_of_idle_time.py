# must fail at: more, when they shall be busy for a part of the time
import math


def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or per_second < 0 or seconds < 0:
        raise ValueError(f"{per_second} jobs of {seconds} s, and processors that are busy for {busy} of the time?")
    load = per_second * seconds  # Little's law
    return max(1, math.ceil(round(load, 6)))  # 3 * 0.1 / 0.3 is a bit more than 1 in floats
