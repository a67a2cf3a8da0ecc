# must fail at: one, when a job takes longer than that
def next_batch(last, seconds):
    most = min(2 * last, 100)  # one quick batch is no proof that the next is quick, too
    fitting = int(last * 0.01 / seconds) if seconds else most
    return min(fitting, most)
