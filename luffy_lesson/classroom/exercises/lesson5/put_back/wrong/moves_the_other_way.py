# must fail at: moves what was in flight to the queue
def put_back(connection, in_flight, key):
    count = 0
    # The one taken last is at the left; the one moved last is taken next: that is the one taken first.
    while connection.lmove(key, in_flight, "LEFT", "RIGHT") is not None:
        count += 1
    return count
