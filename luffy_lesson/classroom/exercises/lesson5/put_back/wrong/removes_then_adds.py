# must fail at: a job is in one of the two lists at any moment
def put_back(connection, in_flight, key):
    count = 0
    for job in connection.lrange(in_flight, 0, -1):
        if connection.lrem(in_flight, 1, job):
            connection.rpush(key, job)
            count += 1
    return count
