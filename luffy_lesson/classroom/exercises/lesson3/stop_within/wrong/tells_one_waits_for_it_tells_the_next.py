# must fail at: tells all of them before it waits for the first
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
        processor.thread.join(max(0, deadline - time.monotonic()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
