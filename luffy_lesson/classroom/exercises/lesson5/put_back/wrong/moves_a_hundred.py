# must fail at: there may be many
def put_back(connection, in_flight, key):
    count = 0
    for _ in range(100):
        if connection.lmove(in_flight, key, "LEFT", "RIGHT") is None:
            break
        count += 1
    return count
