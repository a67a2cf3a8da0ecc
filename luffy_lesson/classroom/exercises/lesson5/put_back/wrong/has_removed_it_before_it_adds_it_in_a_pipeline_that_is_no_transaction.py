# must fail at: a job is in one of the two lists at any moment
import redis


def put_back(connection, in_flight, key):
    count = 0
    while (job := connection.lindex(in_flight, 0)) is not None:
        removed, _ = connection.pipeline(transaction=False).lpop(in_flight).rpush(key, job).execute()
        if removed != job:
            connection.rpop(key)
            if removed is not None:
                connection.lpush(in_flight, removed)
        else:
            count += 1
    return count
