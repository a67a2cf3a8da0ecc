# must fail at: as many as fit into a hundredth of a second
def next_batch(last, seconds):
    most = min(2 * last, 100)  # one quick batch is no proof that the next is quick, too
    fitting = int(0.01 / seconds) if seconds else most
    return max(1, min(fitting, most))
