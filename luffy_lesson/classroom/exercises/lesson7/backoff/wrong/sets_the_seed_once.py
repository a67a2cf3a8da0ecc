# must fail at: differs from process to process
import random

random.seed(42)


def backoff(tries):
    most = min(60, 2**tries)
    return random.uniform(most / 2, most)
