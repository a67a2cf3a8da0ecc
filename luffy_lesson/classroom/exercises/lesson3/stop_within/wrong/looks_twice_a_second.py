# must fail at: returns as soon as all have ended
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    while time.monotonic() < deadline:
        time.sleep(min(0.5, max(0, deadline - time.monotonic())))
        if not any(processor.thread.is_alive() for processor in processors):
            break
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
