"""The job, and how it is counted: in the memory of the process that does it, without a word to the server."""

import threading
import time

arrivals: list[float] = []
"""How long after it was sent each job began. Those of a long queue are all sent at 0: so this is the time then."""

expected = 0
complete = threading.Event()
"""Whether so many have begun."""


def noop(sent: float) -> None:
    """Do nothing, and note when."""
    arrived(time.monotonic() - sent)  # all processes of a machine share this clock


def arrived(after: float) -> None:
    """Note a job, in whatever thread."""
    arrivals.append(after)
    if len(arrivals) >= expected:
        complete.set()


def expect(number: int) -> None:
    """Begin to count anew."""
    global expected
    arrivals.clear()
    complete.clear()
    expected = number
