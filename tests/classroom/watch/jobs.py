"""Jobs of every kind for the tests of what watches them."""

from luffy_lesson.classroom.watch.events import Began
from luffy_lesson.step3_memory_queue import Worker

HUGE = 10**5000


class Echo(Worker):
    def perform(self, *args):
        return args


class Evil(Exception):
    def __str__(self):
        raise RuntimeError("no")


class EvilRepr:
    def __repr__(self):
        raise RuntimeError("no")


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def waits(events):
    """For how long each job has waited, as (job, seconds); None where nobody saw it come."""
    return [(event.job, event.queued and event.at - event.queued) for event in of(Began, events)]
