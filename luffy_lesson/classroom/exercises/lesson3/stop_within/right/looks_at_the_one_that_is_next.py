import time


def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    waiting, end = list(processors), time.perf_counter() + seconds
    while waiting:
        waiting[0].thread.join(min(0.05, max(0, end - time.perf_counter())))
        waiting = [processor for processor in waiting if processor.thread.is_alive()]
        if time.perf_counter() >= end:
            break
    return [processor.thread.name for processor in waiting]
