# must fail at: the last one that just fits is not lost
def next_batch(last, seconds):
    most = min(2 * last, 100)
    if seconds > 0:
        for_one = seconds / last
        most = min(most, int(0.01 // for_one))
    return max(most, 1)
