# must fail at: waits as long when somebody sets the clock meanwhile
from time import time_ns


def stop_within(processors, seconds):
    deadline = time_ns() + seconds * 10**9
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, (deadline - time_ns()) / 10**9))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
