# must fail at: returns an empty list when nobody is late
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    late = [processor.thread.name for processor in processors if processor.thread.is_alive()]
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    return late
