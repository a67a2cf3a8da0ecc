# must fail at: names nobody else
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    threads = {}
    for processor in processors:
        processor.stopping.set()
        threads[processor.thread.name] = processor.thread
    for thread in threads.values():
        thread.join(max(0, deadline - time.monotonic()))
    return [name for name in threads if threads[name].is_alive()]
