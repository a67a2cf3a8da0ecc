# must fail at: there may be many
def put_back(connection, in_flight, key):
    if connection.lmove(in_flight, key, "LEFT", "RIGHT") is None:
        return 0
    return 1 + put_back(connection, in_flight, key)
