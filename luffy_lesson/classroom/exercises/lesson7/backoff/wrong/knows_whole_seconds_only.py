# must fail at: differs from call to call
import math
import random


def backoff(tries):
    most = min(60, 2**tries)
    return random.randint(math.ceil(most / 2), most)
