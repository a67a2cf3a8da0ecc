def next_batch(last, seconds):
    fitting = 0
    while fitting < min(100, 2 * last) and (fitting + 1) * seconds <= 0.01 * last:
        fitting += 1
    return fitting or 1
