# must fail at: differs from call to call
import random


def backoff(tries):
    if tries > 6:
        return random.choice([30, 60])
    return random.uniform(min(60, 2**tries) / 2, min(60, 2**tries))
