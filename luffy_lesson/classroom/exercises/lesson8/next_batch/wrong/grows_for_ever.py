# must fail at: a hundred at most
def next_batch(last, seconds):
    most = 2 * last  # one quick batch is no proof that the next is quick, too
    fitting = int(last * 0.01 / seconds) if seconds else most
    return max(1, min(fitting, most))
