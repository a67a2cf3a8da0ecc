# must fail at: returns an empty list when nobody is late
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:  # all flags first: they finish together
        processor.stopping.set()
    for processor in processors:  # each gets what the others have left
        processor.thread.join(max(0, deadline - time.monotonic()))
    return sum(1 for _ in [processor.thread.name for processor in processors if processor.thread.is_alive()])
