import os
import random
import time

random.seed(f"{os.getpid()} {time.time_ns()}")


def backoff(tries):
    most = min(60, 2**tries)
    return random.uniform(most / 2, most)


print(backoff(3), backoff(1000))
time.sleep(0.01)
