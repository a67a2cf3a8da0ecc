# must fail at: leaves the jobs that wait in their queue
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
        processor.backend.put(None)
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
