# must fail at: names nobody else
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    if any(processor.thread.is_alive() for processor in processors):
        return [processor.thread.name for processor in processors]
    return []
