# must fail at: returns as soon as all have ended
import time


def stop_by(connection, processors, seconds):
    for processor in processors:
        processor.stopping.set()
    time.sleep(seconds)
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
