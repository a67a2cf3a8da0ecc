# must fail at: waits twice as long each time
import random


def backoff(tries):
    # An int may be as large as it likes; the bound comes before it becomes a float, which may not.
    most = min(60, max(1, tries**2))
    return random.uniform(most / 2, most)
