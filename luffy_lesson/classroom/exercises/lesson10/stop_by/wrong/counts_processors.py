# must fail at: returns how many went back
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    late = 0
    for processor in processors:
        if connection.llen(processor.in_flight):
            late += 1
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            pass
    return late
