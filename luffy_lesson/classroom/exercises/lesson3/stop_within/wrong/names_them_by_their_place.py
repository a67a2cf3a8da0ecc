# must fail at: names those who are late
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    return [f"Processor {n}" for n, processor in enumerate(processors) if processor.thread.is_alive()]
