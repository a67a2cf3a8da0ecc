# must fail at: uses the whole range, each part of it as often
import time


def backoff(tries):
    most = min(60, 2**tries)
    return most / 2 + time.time() % 1 * most / 2
