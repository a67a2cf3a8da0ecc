# must fail at: does not wait with 0 seconds
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds if seconds else None
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(deadline and max(0, deadline - time.monotonic()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
