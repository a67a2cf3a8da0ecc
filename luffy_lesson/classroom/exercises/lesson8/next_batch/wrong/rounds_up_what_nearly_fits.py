# must fail at: as many as fit into a hundredth of a second
def next_batch(last, seconds):
    if not seconds:
        return min(100, 2 * last)
    fitting = round(last / (100 * seconds) - 0.45)  # half a job does not fit
    return sorted([1, fitting, min(100, 2 * last)])[1]
