import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, 2**tries)
    return most * (1 + random.random()) / 2
