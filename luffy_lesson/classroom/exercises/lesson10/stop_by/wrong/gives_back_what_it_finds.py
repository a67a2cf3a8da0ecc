# must fail at: leaves to others what they have in flight
import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    for key in connection.scan_iter("luffy:*:in_flight") if processors else []:
        while connection.lmove(key, processors[0].queue, "LEFT", "RIGHT") is not None:
            pass
    return count
