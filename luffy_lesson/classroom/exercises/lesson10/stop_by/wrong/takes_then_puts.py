# must fail at: a job is in one of the two lists at any moment
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        while (job := connection.lpop(processor.in_flight)) is not None:
            connection.rpush(processor.queue, job)
            count += 1
    return count
