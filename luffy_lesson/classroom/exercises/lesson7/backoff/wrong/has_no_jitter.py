# must fail at: differs from call to call
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, 2**tries)
    return most
