# must fail at: all go back, whatever others do meanwhile
def put_back(connection, in_flight, key):
    count = 0
    while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
        count += 1
    connection.delete(in_flight)
    return count
