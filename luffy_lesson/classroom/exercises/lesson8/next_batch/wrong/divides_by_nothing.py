# must fail at: a batch that took no time at all is no error
def next_batch(last, seconds):
    most = min(2 * last, 100)  # one quick batch is no proof that the next is quick, too
    fitting = int(last * 0.01 / seconds)
    return max(1, min(fitting, most))
