import random


def draw_order(weights):
    # Each waits for a bus that comes `weight` times an hour: of any of them, the first is each as often as it should.
    return sorted(weights, key=lambda name: random.expovariate(weights[name]))
