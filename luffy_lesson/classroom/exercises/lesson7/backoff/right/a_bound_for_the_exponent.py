import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60.0, 2.0 ** min(tries, 6))
    return most - random.uniform(0, most / 2)
