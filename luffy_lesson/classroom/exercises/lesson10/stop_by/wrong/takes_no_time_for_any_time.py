# must fail at: does not wait with 0 seconds
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + (seconds or 25)
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
