import time


def stop_within(processors, seconds):
    left = seconds
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        began = time.monotonic()
        processor.thread.join(timeout=max(left, 0))
        left -= time.monotonic() - began
    return {processor.thread.name for processor in processors if processor.thread.is_alive()}
