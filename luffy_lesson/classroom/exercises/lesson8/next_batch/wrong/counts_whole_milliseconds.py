# must fail at: as many as fit into a hundredth of a second
def next_batch(last, seconds):
    most = min(2 * last, 100)
    ms = round(seconds * 1000)
    return max(1, min(most, last * 10 // ms)) if ms else most
