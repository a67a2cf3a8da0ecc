# must fail at: each job goes back once when two do it at the same time
def put_back(connection, in_flight, key):
    count = connection.llen(in_flight)
    # The one taken last is at the left; the one moved last is taken next: that is the one taken first.
    while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
        pass
    return count
