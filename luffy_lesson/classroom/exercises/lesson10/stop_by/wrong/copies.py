# must fail at: what is not done goes back to its own queue
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        for job in connection.lrange(processor.in_flight, 0, -1):
            connection.rpush(processor.queue, job)
            count += 1
    return count
