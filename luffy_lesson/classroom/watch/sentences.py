"""What has happened, in sentences."""

from collections.abc import Mapping
from typing import NamedTuple

from luffy_lesson.classroom.watch.entry import Entry

SAYS = {
    "queued": "{job} was put in the queue{times}.",
    "scheduled": "{job} was scheduled, for {due}.",
    "prefetched": "{who} prefetched {job}{times}.",
    "given back": "{job} went back to the queue{times}.",
    "fetched": "{who} took {job}.",
    "called": "{who} began {job}.",
    "done": "{who} finished {job}.",
    "failed": "{job} failed: {error}",
    "retrying": "{job} will be tried again, at {due}.",
    "dead": "{job} is dead.",
    "put back": "{job} was left behind, and is back in the queue.",
    "left too often": "{job} was left behind once too often: it is dead.",
    "requeued": "{job} was dead, and is back in the queue.",
    "thrown away": "{job} was dead, and is thrown away.",
    "ready": "{process} is ready, with {number}.",
    "ended": "{process} has ended.",
    "killed": "{process} was killed, with {had}.",
}
"""What there is to say of an event."""


LATEST = 3
"""How many sentences are read at once: what has happened last."""


class Said(NamedTuple):
    """A sentence, and when it was so."""

    at: float
    words: str


NOTHING = "Nothing has happened yet."


def says(entry: Entry, had: Mapping[str, int], keeps: bool) -> str:
    """Return an event of SAYS in a sentence.

    Args:
        entry: the event.
        had: how many jobs a process had in hand, and how many prefetched, that was killed.
        keeps: whether the backend keeps those, in flight.
    """
    then = "" if not any(had.values()) else ": in flight all the same" if keeps else ": lost with it"
    more = f" and {had['prefetched']} prefetched" if had.get("prefetched") else ""
    words = SAYS[entry.what].format(
        who=f"{entry.processor} of {entry.process}" if entry.process else entry.processor,
        job=entry.job or f"{entry.number} more jobs",
        times=f", {entry.number} times" if entry.job and entry.number != 1 else "",
        due=f"{entry.due or 0:.1f} s",
        error=entry.error,
        process=entry.process,
        number=counted(entry.number, "processor"),
        had=f"{counted(had.get('in hand', 0), 'job')} in hand{more}{then}",
    )
    return words[:1].upper() + words[1:]


def counted(number: int, word: str, words: str = "") -> str:
    """Return how many there are: `no jobs`, `1 job`, `2 jobs`."""
    return f"{number or 'no'} {word if number == 1 else words or f'{word}s'}"
