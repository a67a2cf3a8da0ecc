# must fail at: differs from call to call
import random


def backoff(tries):
    if tries > 100:
        return 60.0
    most = min(60, 2**tries)
    return random.uniform(most / 2, most)
