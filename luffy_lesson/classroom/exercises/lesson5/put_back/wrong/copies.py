# must fail at: moves what was in flight to the queue
def put_back(connection, in_flight, key):
    jobs = connection.lrange(in_flight, 0, -1)
    return connection.rpush(key, *jobs) if jobs else 0
