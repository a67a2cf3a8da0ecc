# must fail at: can be called again, and leaves the processors as they were
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    while processors and time.monotonic() < deadline:
        for processor in list(processors):
            if not processor.thread.is_alive():
                processors.remove(processor)
        time.sleep(0.01)
    return [processor.thread.name for processor in processors]
