# must fail at: they are taken next, before what waits
def put_back(connection, in_flight, key):
    count = 0
    # The one taken last is at the left; the one moved last is taken next: that is the one taken first.
    while connection.lmove(in_flight, key, "RIGHT", "LEFT") is not None:
        count += 1
    return count
