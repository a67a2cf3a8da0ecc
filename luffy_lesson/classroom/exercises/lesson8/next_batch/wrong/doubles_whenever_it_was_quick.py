# must fail at: as many as fit into a hundredth of a second
def next_batch(last, seconds):
    if seconds <= 0.01:
        return min(2 * last, 100)
    return max(1, min(100, int(last * 0.01 / seconds)))
