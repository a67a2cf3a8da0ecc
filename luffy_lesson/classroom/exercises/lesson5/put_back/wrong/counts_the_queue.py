# must fail at: each job goes back once when two do it at the same time
def put_back(connection, in_flight, key):
    before = connection.llen(key)
    while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
        pass
    return connection.llen(key) - before
