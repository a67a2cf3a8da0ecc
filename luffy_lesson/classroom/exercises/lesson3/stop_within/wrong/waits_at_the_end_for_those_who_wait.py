# must fail at: lets those who are late share the time
from concurrent.futures import ThreadPoolExecutor, wait


def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    with ThreadPoolExecutor(len(processors) or 1) as waiting:
        wait([waiting.submit(processor.thread.join) for processor in processors], seconds)
        late = [processor.thread.name for processor in processors if processor.thread.is_alive()]
    return late
