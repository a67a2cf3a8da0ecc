import time
from fractions import Fraction


def stop_within(processors, seconds):
    seconds = Fraction(seconds)
    start = Fraction(time.monotonic_ns(), 10**9)
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        left = start + seconds - Fraction(time.monotonic_ns(), 10**9)
        processor.thread.join(float(left) if left > 0 else 0)
    late = filter(lambda processor: processor.thread.is_alive(), processors)
    return sorted(processor.thread.name for processor in late)
