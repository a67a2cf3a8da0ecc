# must fail at: a job is in one of the two lists at any moment
def put_back(connection, in_flight, key):
    count = 0
    with connection.lock(key + ":lock", timeout=10):
        while (job := connection.lpop(in_flight)) is not None:
            connection.rpush(key, job)
            count += 1
    return count
