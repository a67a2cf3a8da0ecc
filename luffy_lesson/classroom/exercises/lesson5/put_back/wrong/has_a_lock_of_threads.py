# must fail at: each job goes back once when two do it at the same time
import threading

LOCK = threading.Lock()


def put_back(connection, in_flight, key):
    with LOCK:
        jobs = connection.lrange(in_flight, 0, -1)
        if jobs:
            connection.pipeline().rpush(key, *jobs).delete(in_flight).execute()
        return len(jobs)
