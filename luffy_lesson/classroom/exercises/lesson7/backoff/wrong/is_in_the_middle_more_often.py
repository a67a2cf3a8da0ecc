# must fail at: uses the whole range, each part of it as often
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, 2**tries)
    return random.triangular(most / 2, most)
