import time


def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    end = time.monotonic() + seconds
    late = list(processors)
    while late and time.monotonic() < end:
        time.sleep(0.01)
        late = [processor for processor in late if processor.thread.is_alive()]
    return [processor.thread.name for processor in late]
