# must fail at: is never more than a minute
import random


def backoff(tries):
    if tries > 25:
        raise ValueError("tried enough")
    most = min(60, 2**tries)
    return random.uniform(most / 2, most)
