import time


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:  # all flags first: they finish together
        processor.stopping.set()
    for processor in processors:  # each gets what the others have left
        processor.thread.join(max(0, deadline - time.monotonic()))
    count = 0
    for processor in processors:  # whatever has become of its thread
        # In one step. A job that is finished meanwhile is not there any more, and does not go back.
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
