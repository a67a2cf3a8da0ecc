# must fail at: waits as long when somebody sets the clock meanwhile
import time


def stop_by(connection, processors, seconds):
    deadline = time.time() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.time()))
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
