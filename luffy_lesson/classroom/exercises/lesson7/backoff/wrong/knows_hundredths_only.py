# must fail at: differs from call to call
import random


def backoff(tries):
    most = min(60, 2**tries)
    return most * random.randint(50, 100) / 100
