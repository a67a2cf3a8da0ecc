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
        count += connection.llen(processor.in_flight)
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            pass
    return count
