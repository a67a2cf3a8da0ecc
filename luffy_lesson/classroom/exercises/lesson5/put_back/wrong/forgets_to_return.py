# must fail at: returns how many it has moved
def put_back(connection, in_flight, key):
    count = 0
    # The one taken last is at the left; the one moved last is taken next: that is the one taken first.
    while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
        count += 1
