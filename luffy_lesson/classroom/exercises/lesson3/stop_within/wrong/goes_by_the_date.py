# must fail at: waits as long when somebody sets the clock meanwhile
from datetime import datetime, timedelta


def stop_within(processors, seconds):
    deadline = datetime.now() + timedelta(seconds=seconds)
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(max(0, (deadline - datetime.now()).total_seconds()))
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
