# must fail at: a batch that took no time at all is no error
def next_batch(last, seconds):
    if seconds == 0:
        return 100
    return max(1, min(2 * last, 100, int(last * 0.01 / seconds)))
