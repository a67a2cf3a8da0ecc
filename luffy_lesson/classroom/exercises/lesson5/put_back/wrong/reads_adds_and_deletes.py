# must fail at: each job goes back once when two do it at the same time
def put_back(connection, in_flight, key):
    jobs = connection.lrange(in_flight, 0, -1)
    if jobs:
        connection.rpush(key, *jobs)
        connection.delete(in_flight)
    return len(jobs)
