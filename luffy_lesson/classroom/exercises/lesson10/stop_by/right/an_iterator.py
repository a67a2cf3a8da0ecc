import time


def stop_by(connection, processors, seconds):
    end = time.monotonic_ns() + int(seconds * 1e9)
    [processor.stopping.set() for processor in processors]
    for processor in processors:
        left = (end - time.monotonic_ns()) / 1e9
        processor.thread.join(left if left > 0 else 0)
    return sum(
        1
        for processor in processors
        for _ in iter(lambda: connection.lmove(processor.in_flight, processor.queue, src='LEFT', dest='RIGHT'), None)
    )
