# must fail at: is never more than a minute
import random


def backoff(tries):
    most = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60][tries]
    return random.uniform(most / 2, most)
