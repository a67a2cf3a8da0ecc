# must fail at: a job may be any text, also an empty one
def put_back(connection, in_flight, key):
    count = 0
    while connection.lmove(in_flight, key, "LEFT", "RIGHT"):
        count += 1
    return count
