# must fail at: differs from call to call
import functools
import random


@functools.lru_cache
def backoff(tries):
    most = min(60, 2**tries)
    return random.uniform(most / 2, most)
