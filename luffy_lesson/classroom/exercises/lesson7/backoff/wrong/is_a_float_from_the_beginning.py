# must fail at: is a minute at most after thousands of tries, too
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, 2.0**tries)
    return random.uniform(most / 2, most)
