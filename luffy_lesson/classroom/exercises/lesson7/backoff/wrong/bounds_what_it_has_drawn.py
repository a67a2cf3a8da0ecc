# must fail at: differs from call to call
import random


def backoff(tries):
    most = 2 ** min(tries, 12)
    return min(60, random.uniform(most / 2, most))
