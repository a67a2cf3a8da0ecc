import time

import redis


def give_back(connection, processor):
    with connection.pipeline() as pipe:
        while True:
            try:
                pipe.watch(processor.in_flight)
                jobs = pipe.lrange(processor.in_flight, 0, -1)
                pipe.multi()
                for job in jobs:
                    pipe.rpush(processor.queue, job)
                pipe.delete(processor.in_flight)
                pipe.execute()
                return len(jobs)
            except redis.WatchError:
                pass


def stop_by(connection, processors, seconds):
    began = time.monotonic()
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, began + seconds - time.monotonic()))
    return sum(give_back(connection, processor) for processor in processors)
