# must fail at: what is not done goes back to its own queue
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    queue = processors[0].queue if processors else None
    for processor in processors:
        while connection.lmove(processor.in_flight, queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
