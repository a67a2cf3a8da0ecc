# must fail at: as many as fit into a hundredth of a second
def next_batch(last, seconds):
    most = min(2 * last, 100)
    return max(1, min(most, last * 0.01 // seconds)) if seconds else most
