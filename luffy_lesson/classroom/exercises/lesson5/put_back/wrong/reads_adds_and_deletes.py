# must fail at: a job is in one of the two lists at any moment
def put_back(connection, in_flight, key):
    jobs = connection.lrange(in_flight, 0, -1)
    if jobs:
        connection.rpush(key, *jobs)
        connection.delete(in_flight)
    return len(jobs)
