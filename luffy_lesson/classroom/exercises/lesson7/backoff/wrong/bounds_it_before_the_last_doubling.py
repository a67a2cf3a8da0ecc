# must fail at: is never more than a minute
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, 2 ** min(tries, 5))
    return random.uniform(most / 2, most)
