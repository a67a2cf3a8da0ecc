# must fail at: waits as long when somebody sets the clock meanwhile
import time


def stop_within(processors, seconds):
    deadline = time.time() + seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, deadline - time.time()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
