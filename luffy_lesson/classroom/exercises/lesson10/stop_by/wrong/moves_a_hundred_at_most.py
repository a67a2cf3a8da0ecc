# must fail at: a job may be any text, also an empty one, and there may be many
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        for _ in range(100):
            if connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is None:
                break
            count += 1
    return count
