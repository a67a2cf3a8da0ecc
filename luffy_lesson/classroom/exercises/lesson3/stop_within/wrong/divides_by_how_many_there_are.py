# must fail at: returns an empty list when nobody is late
def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    part = seconds / len(processors)
    for processor in processors:
        processor.thread.join(part)
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
