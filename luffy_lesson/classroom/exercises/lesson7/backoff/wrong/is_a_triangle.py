# must fail at: uses the whole range, each part of it as often
import random


def backoff(tries):
    most = min(60, 2**tries)
    return random.triangular(most / 2, most)
