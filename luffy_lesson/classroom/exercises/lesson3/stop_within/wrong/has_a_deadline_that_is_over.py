# must fail at: stops processors that are idle
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:  # all flags first: they finish together
        processor.stopping.set()
    for processor in processors:  # each gets what the others have left
        processor.thread.join(max(0, time.monotonic() - deadline))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
