# must fail at: names nobody else
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    late = []
    for processor in processors:
        left = deadline - time.monotonic()
        if left > 0:
            processor.thread.join(left)
        if time.monotonic() >= deadline:
            late.append(processor.thread.name)
    return late
