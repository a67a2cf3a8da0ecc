# must fail at: is a minute at most after thousands of tries, too
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = 2**tries
    return min(60, random.uniform(0.5, 1) * most)
