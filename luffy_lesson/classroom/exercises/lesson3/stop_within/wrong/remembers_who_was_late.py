# must fail at: names nobody else
import time


def stop_within(processors, seconds, late=[]):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    late += [processor.thread.name for processor in processors if processor.thread.is_alive()]
    return late
