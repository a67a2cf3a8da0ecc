# must fail at: lets those who are late share the time
import math
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + math.ceil(seconds)
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.monotonic()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
