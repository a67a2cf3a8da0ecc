# must fail at: a hundred at most
def next_batch(last, seconds):
    most = min(2 * last, 99)
    return max(1, min(most, int(last * 0.01 / seconds))) if seconds else most
