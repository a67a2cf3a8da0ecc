# must fail at: what is finished at the last moment does not go back
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        jobs = connection.lrange(processor.in_flight, 0, -1)
        with connection.pipeline() as pipe:
            for job in jobs:
                pipe.rpush(processor.queue, job)
                pipe.lrem(processor.in_flight, 1, job)
            pipe.execute()
        count += len(jobs)
    return count
