# must fail at: returns as soon as all have ended
import time


def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    time.sleep(seconds)
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
