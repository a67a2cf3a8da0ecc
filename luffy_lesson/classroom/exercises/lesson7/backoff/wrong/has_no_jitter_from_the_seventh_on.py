# must fail at: differs from call to call
import random


def backoff(tries):
    if tries >= 6:
        return 60
    most = 2**tries
    return random.uniform(most / 2, most)
