# must fail at: a job is in one of the two lists at any moment
def put_back(connection, in_flight, key):
    if not connection.set(key + ":putting_back", 1, nx=True):
        return 0
    count = 0
    while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
        count += 1
    connection.delete(key + ":putting_back")
    return count
