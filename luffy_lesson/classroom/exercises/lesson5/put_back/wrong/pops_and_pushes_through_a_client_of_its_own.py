# must fail at: a job is in one of the two lists at any moment
import redis


def put_back(connection, in_flight, key):
    own = redis.Redis(connection_pool=redis.ConnectionPool(**connection.get_connection_kwargs()))
    count = 0
    while (job := own.lpop(in_flight)) is not None:
        own.rpush(key, job)
        count += 1
    return count
