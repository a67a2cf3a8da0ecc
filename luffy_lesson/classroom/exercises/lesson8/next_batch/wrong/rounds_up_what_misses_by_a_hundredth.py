# must fail at: as many as fit into a hundredth of a second
import math


def next_batch(last, seconds):
    fitting = math.floor(round(last * 0.01 / seconds, 2)) if seconds else 100
    return max(1, min(fitting, 2 * last, 100))
