import threading


def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    waiting = [threading.Thread(target=processor.thread.join, args=(seconds,)) for processor in processors]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    return tuple(processor.thread.name for processor in processors if processor.thread.is_alive())
