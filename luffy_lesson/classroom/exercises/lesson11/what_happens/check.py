"""The check of exercise 1 of lesson 11."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong, counted
from luffy_lesson.host.environment import CONTENT

MEASURED = CONTENT / "benchmarks" / "results" / "faults.json"
"""What `benchmarks/faults.py` has written. Its head says what is there."""

FAULTS = {
    "kill_job": "the process with the job was killed",
    "kill_all": "everything was killed, and a new worker started",
    "too_long": "the job took longer than the patience",
}


class Engine(NamedTuple):
    """What an engine does, with its settings."""

    acknowledges: str  # "first", before it calls the worker, or "last", when that has returned
    watches: bool  # whether a main process hears of the death of one with a job, and gives back what the broker has
    connected: bool  # whether whoever performs a job has a connection at whose end the broker gives the job back
    patience: float | None  # seconds without a sign after which somebody gives the job back; None: nobody does
    beats: bool  # whether a sign is given all the time while a job is performed; else there is one in the beginning


FIRST, LAST = "first", "last"
ENGINES = {
    # Patience as it was scaled for the measurement, where it was.
    ("Celery, Redis", "defaults"): Engine(FIRST, True, False, 20, False),
    ("Celery, Redis", "safest"): Engine(LAST, True, False, 20, False),
    ("Celery, RabbitMQ", "defaults"): Engine(FIRST, True, True, 1800, False),
    ("Celery, RabbitMQ", "safest"): Engine(LAST, True, True, 1800, False),
    ("Dramatiq, Redis", "defaults"): Engine(LAST, False, False, 60, True),
    ("Dramatiq, Redis", "safest"): Engine(LAST, False, False, 10, True),
    ("Dramatiq, RabbitMQ", "defaults"): Engine(LAST, False, True, 1800, False),
    ("Dramatiq, RabbitMQ", "safest"): Engine(LAST, False, True, 1800, False),
    ("RQ", "safest"): Engine(LAST, True, False, 30, True),
    ("Huey", "defaults"): Engine(FIRST, False, False, None, False),
    ("Huey", "safest"): Engine(FIRST, False, False, None, False),
    ("taskiq, stream", "defaults"): Engine(LAST, False, False, 20, False),
    ("Sidekiq", "defaults"): Engine(FIRST, False, False, None, False),
    ("luffy, step 4", "defaults"): Engine(FIRST, False, False, None, False),
    ("luffy, step 5", "defaults"): Engine(LAST, False, False, 60, True),
    ("luffy, step 7", "defaults"): Engine(LAST, False, False, 60, True),
    ("luffy, step 8", "defaults"): Engine(LAST, False, False, 60, True),
    ("luffy, step 10", "defaults"): Engine(LAST, False, False, 60, True),
    ("luffy, step 10", "safest"): Engine(LAST, False, False, 5, True),
}
"""By the words of the file. What is not here has more to it than these five: RQ as it comes tries no job again, say."""


class Measured(NamedTuple):
    """What was measured of an engine, with some settings, and a fault."""

    name: str
    engine: Engine
    fault: str
    seen: str  # for a person to read
    word: str

    @classmethod
    def read(cls) -> Iterator["Measured"]:
        """Read what there is about these engines and faults, and has a word."""
        for row in json.loads(MEASURED.read_text())["rows"]:
            engine = ENGINES.get((row["engine"], row["settings"]))
            if engine and row["fault"] in FAULTS and (word := word_for(row, engine)):
                seconds = [f"{second:.1f}" for second in row["seconds"]]
                after = f" after {' s, '.join(seconds)} s" if seconds else ""
                yield cls(f"{row['engine']}, {row['settings']}", engine, row["fault"], f"{row['outcome']}{after}", word)


def word_for(row: dict[str, Any], engine: Engine) -> str:
    """Return the word for what was measured each time; empty when there is none."""
    (outcome, *others) = {*row["outcomes"]}
    if others:
        return ""
    if outcome == "again" and row["fault"] != "too_long":
        # The last sign came a while before the fault.
        return "later" if engine.patience and min(row["seconds"]) > engine.patience / 4 else "at once"
    return outcome if outcome in ("done", "lost", "twice") else ""


@exercise(number=1, answer="what_happens")
def what_happens(what_happens: Callable[[Engine, str], Any]) -> Steps:
    """Say what becomes of a job, from what its engine does."""
    measured = [*Measured.read()]

    def compare(reason: str, look: str) -> Saw:
        """Raise `Wrong` unless an answer is what was measured, wherever that has this reason."""
        these = [one for one in measured if reason_for(one.engine, one.fault) == reason]
        for one in draw("what_happens").sample(these, len(these)):
            if (answer := what_happens(one.engine, one.fault)) != one.word:
                where = f"{one.name}, when {FAULTS[one.fault]} (measured: {one.seen})"
                raise Wrong(f"{one.word!r} for {where}", repr(answer), look)
        return Saw(counted(len(these), "measurement"))

    yield "what is acknowledged first is lost"
    yield compare("acknowledged", "what does the broker still have of it?")

    yield "a main process that is left gives it back"
    yield compare("main process", "who hears of a death at once, and is still there?")

    yield "so does a broker at the end of a connection"
    yield compare("connection", "who hears of a death at once, and is still there?")

    yield "else only time tells that somebody is dead"
    yield compare("time", "who is left, and how can they know?")

    yield "a job that takes longer than the patience"
    yield compare("too long", "is the job still the broker's, and does anybody take its processor for dead?")

    yield "and an engine that nobody has measured"
    either = (True, False)
    for *facts, fault in product(("first", "last"), either, either, (None, 7, 1800), either, FAULTS):
        engine = Engine._make(facts)
        if (answer := what_happens(engine, fault)) != (word := expected(engine, fault)):
            raise Wrong(f"{word!r} for `{engine}`, when {FAULTS[fault]}", repr(answer), "who gives it back, and when?")


def reason_for(engine: Engine, fault: str) -> str:
    """Return what decides about a job."""
    if fault == "too_long":
        return "too long"
    if engine.acknowledges == "first":
        return "acknowledged"
    if engine.watches and fault == "kill_job":
        return "main process"
    return "connection" if engine.connected else "time"


def expected(engine: Engine, fault: str) -> str:
    """Return what becomes of a job."""
    match reason_for(engine, fault):
        case "too long":
            taken_for_dead = engine.patience and not engine.beats
            return "twice" if taken_for_dead and engine.acknowledges == "last" else "done"
        case "acknowledged":
            return "lost"
        case "time":
            return "later" if engine.patience else "lost"
    return "at once"
