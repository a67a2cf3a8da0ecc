# must fail at: names nobody else
import time


def stop_within(processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    threads = {processor.thread.name: processor.thread for processor in reversed(processors)}
    for thread in threads.values():
        thread.join(max(0, deadline - time.monotonic()))
    return [name for name, thread in threads.items() if thread.is_alive()]
