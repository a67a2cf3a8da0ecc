# must fail at: all go back, whatever others do meanwhile
import redis


def put_back(connection, in_flight, key):
    with connection.pipeline() as pipe:
        pipe.watch(in_flight)
        jobs = pipe.lrange(in_flight, 0, -1)
        pipe.multi()
        if jobs:
            pipe.rpush(key, *jobs)
            pipe.delete(in_flight)
        try:
            pipe.execute()
        except redis.WatchError:
            return 0
        return len(jobs)
