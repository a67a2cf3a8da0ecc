# must fail at: differs from process to process
import random

JITTER = random.Random("jitter")


class Curve:
    def __call__(self, tries):
        most = min(60, 2**tries)
        return most - most / 2 * JITTER.random()


backoff = Curve()
