# must fail at: one, when a job takes longer than that
def next_batch(last, seconds):
    return min(100, 2 * last) if seconds < 0.005 else max(1, last // 2)
