"""The check of exercise 3 of lesson 5."""

import contextlib
import os
import signal
import threading
import time
from functools import partial
from typing import Any

import redis

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import Rehashed, connect, keys, new_key, nth, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, Process, held, killed
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong, counted
from luffy_lesson.classroom.check.waiting import SOON

HOUR, DAY = 60 * 60, 24 * 60 * 60
"""In seconds."""

JOBS = ["job", "Job", " job", "job ", "job 1", "job 10", "job 1:20", "job:1", "*", "job ?", "", "1", "naïve ✓"]
JOBS += [f"{'a long name ' * 20}{number}" for number in range(2)]

ERRORS = [Planned("the card was refused"), ValueError("no such card"), KeyboardInterrupt(), SystemExit(3)]

charges_of = partial(counted, one="charge")


@exercise(number=3, answer="ChargeOnce", uses_redis=True)
def charge_once(charge_once: Any) -> Steps:
    """An idempotent job: it may be performed twice, and charges once."""
    connection, key = connect(), new_key()
    cases = draw("charge_once")
    job = f"job {key[-8:]}"  # a name that no mark outside of `key` has
    charged: list[Any] = []
    charges = new_key()

    def forget() -> None:
        for mark in (*keys(connection, key), charges):
            connection.delete(mark)

    def noted(amount: Any) -> None:
        """Charge, where other processes see it."""
        connection.rpush(charges, amount)

    def takes_a_while(amount: Any) -> None:
        time.sleep(0.02)  # whoever does not wait for it has not charged yet
        charged.append(amount)

    def fail(error: BaseException, amount: Any) -> None:
        charged.append(error)
        raise error

    with Gate() as gate:
        through_gate = gate.connect()
        invoices = charge_once(through_gate, key, takes_a_while)

        yield "charges, and returns True"
        answer = invoices.perform(job, 20)
        if charged != [20] or answer is not True:
            raise Wrong("a charge of 20, and True", f"{charged}, and {answer!r}", "`self.charge(amount)`, and `return`")

        yield "does not charge for the same job again, and returns False"
        answers = [invoices.perform(job, 20), invoices.perform(job, 20)]
        if charged != [20] or answers != [False, False]:
            seen = f"{charges_of(len(charged))}, and {answers}"
            raise Wrong("one charge, and False the second and the third time", seen, "who knows of the first?")

        yield "remembers it under a key that begins with `self.key`"
        if not keys(connection, key):
            for elsewhere in keys(connection, f"*{job}"):
                connection.delete(elsewhere)
            raise Wrong(f"a key that begins with {key}", "no such key", "where is it remembered?")

        yield "charges for another job of the same amount"
        if invoices.perform(f"{job}, another", 20) is not True or charged != [20, 20]:
            raise Wrong("two charges for two jobs", charges_of(len(charged)), "what is in the key of the mark?")

        yield "whatever the job is called, and whatever `charge` returns"
        charged.clear()
        key = new_key()
        returned: Any = None

        def returns_something(amount: Any) -> Any:
            charged.append(amount)
            return returned

        any_of_them = charge_once(through_gate, key, returns_something)
        for name in cases.sample(JOBS, len(JOBS)):
            amount = cases.choice([0, cases.randint(1, 10**9), cases.randint(1, 999) / 8])
            returned = cases.choice([None, False, 0, "", True])
            answers = [any_of_them.perform(name, amount), any_of_them.perform(name, amount + 1)]
            if charged != [amount] or answers != [True, False]:
                look = "what does the name of its mark, or the answer, depend on?"
                seen = f"{charged}, and {answers}, where `charge` returned {returned!r}"
                raise Wrong(f"[{amount}] charged for {name!r}, and [True, False]", seen, look)
            charged.clear()

        yield "remembers it in another process, too"
        key = new_key()
        charge_once(through_gate, key, noted).perform(job, 20)
        again = charge_once(connection, key, noted)
        answers = [
            again.perform(Rehashed(job), 20),
            *(Process(partial(_in_time_zone, hours, again.perform, job)).result() for hours in (-12, 12)),
        ]
        if answers != [False] * 3 or connection.llen(charges) != 1:
            seen = f"{answers}, and {charges_of(connection.llen(charges))}"
            raise Wrong("False, and one charge", seen, "where is it remembered, and under which name?")

        yield "one with another key knows nothing of it"
        charged.clear()
        elsewhere = charge_once(through_gate, new_key(), charged.append)
        answers = [again.perform(job, 20), elsewhere.perform(job, 20), again.perform(job, 20)]
        if answers != [False, True, False] or len(charged) != 1 or connection.llen(charges) != 1:
            raise Wrong("a charge by the other one, and [False, True, False]", f"{answers}", "what do the two share?")

        yield "the mark goes away by itself after a day"
        _passes(connection, key, DAY + 60)
        if left := keys(connection, key):
            stay = connection.ttl(left[0])
            seen = f"one that stays for {stay // HOUR} hours more" if stay > 0 else "one that stays for ever"
            raise Wrong("no mark after a day", seen, "`ex=`, in seconds")
        again.perform(job, 20)
        _passes(connection, key, 23 * HOUR)
        if again.perform(job, 20) is not False:
            raise Wrong("a mark for a day", "none after 23 hours", "`ex=`, in seconds")
        _passes(connection, key, DAY + 60)
        answers = []
        for name, hours in ((job, 13), ("another", 12), ("another", 0), (job, 0)):
            answers.append(again.perform(name, 20))
            _passes(connection, key, hours * HOUR)
        if answers != [True, True, False, True]:
            seen = "one that goes with the mark of another job" if answers[2] else "one that lives on with each job"
            raise Wrong("each mark to have its own day", seen, "the key of the mark")

        yield "charges once when two perform it at the same moment"
        forget()
        for both in held(
            gate,
            lambda given: charge_once(given, key, noted).perform(job, 20),
            lambda: charge_once(connection, key, noted).perform(job, 20),
        ):
            if connection.llen(charges) != 1 or sorted(map(str, both)) != ["False", "True"]:
                seen = f"{charges_of(connection.llen(charges))}, and {list(both)}"
                raise Wrong("one charge, one True and one False", seen, "what may happen between asking and setting?")
            forget()

        yield "returns False while another process charges, be it for hours"
        rivals: list[Any] = []

        def slowly(amount: Any) -> None:
            _passes(connection, key, 23 * HOUR)
            rival = Process(lambda: charge_once(connection, key, noted).perform(job, 20))
            rivals.append(rival.result() if rival.ends(SOON) else None)
            rival.kill()
            noted(amount)

        answer = charge_once(connection, key, slowly).perform(job, 20)
        if (answer, *rivals) != (True, False) or connection.llen(charges) != 1:
            waits = rivals == [None]
            seen = f"{'no answer' if waits else rivals[0]}, and {charges_of(connection.llen(charges))}"
            look = "for what does the other one wait?" if waits else "when is the mark set, and for how long?"
            raise Wrong("False for the other one, and one charge", seen, look)

        yield "a process that is killed charges once at most"
        forget()
        for came in killed(gate, lambda given: charge_once(given, key, noted).perform(job, 20)):
            _passes(connection, key, 23 * HOUR)
            charge_once(connection, key, noted).perform(job, 20)
            if (often := connection.llen(charges)) > 1:
                look = f"it was killed before its {nth(came + 1)} command. What is there then, and what not yet?"
                raise Wrong("one charge, though it is tried again", charges_of(often), look)
            forget()
        dies = charge_once(connection, key, lambda _: os.kill(os.getpid(), signal.SIGKILL))
        Process(lambda: dies.perform(job, 20)).result()
        _passes(connection, key, 23 * HOUR)
        if (answer := charge_once(connection, key, noted).perform(job, 20)) is not False:
            look = "does the mark come before the charge, and for how long?"
            raise Wrong("False: a mark, and no charge, of who was killed while it charged", f"{answer!r}", look)

        yield "and leaves no mark for ever"
        forget()
        for came in killed(gate, lambda given: charge_once(given, key, noted).perform(job, 20)):
            _passes(connection, key, DAY + 60)
            if keys(connection, key):
                look = f"it was killed before its {nth(came + 1)} command. Is there one that does both?"
                raise Wrong("no mark after a day", "one that stays for ever", look)

        yield "lets the error of `charge` through"
        charged.clear()
        key = new_key()
        for number, error in enumerate(ERRORS):
            try:
                seen = repr(charge_once(through_gate, key, partial(fail, error)).perform(f"{job}, {number}", 20))
            except BaseException as raised:
                seen = repr(raised)
                if raised is error:
                    continue
            raise Wrong(f"the error of `charge`, {error!r}", seen, "is there a `raise` in the `except`?")
        if charged != ERRORS:
            look = "does it charge when it has failed?"
            raise Wrong(f"{len(ERRORS)} calls of `charge` in {len(ERRORS)} tries", f"{len(charged)} of them", look)

        yield "charges at the next try when `charge` has raised"
        for error in (ERRORS[0], *ERRORS):
            rivals.clear()
            charged.clear()
            refused = charge_once(connection, key, noted)

            def fails(amount: Any, error: BaseException = error, refused: Any = refused) -> None:
                rivals.append(refused.perform(job, amount))
                raise error

            with contextlib.suppress(type(error)):
                charge_once(through_gate, key, fails).perform(job, 20)
            answer = charge_once(through_gate, key, charged.append).perform(job, 20)
            if answer is not True or len(charged) != 1:
                seen = f"{answer!r}, and {charges_of(len(charged))} after {error!r}"
                raise Wrong("True, and a charge", seen, "what becomes of the mark when nothing was charged?")
            key = new_key()

        yield "takes back the mark of that job, and no other"
        ends = threading.Event()

        def another() -> None:
            invoices.perform(f"{job}, too", 20)
            ends.set()

        def fails_for_nothing(amount: Any) -> None:
            if not amount:  # and while this one is performed, another is
                threading.Thread(target=another, name="the check's own").start()
                ends.wait(0.5)
                raise Planned

        invoices = charge_once(through_gate, key, fails_for_nothing)
        names = [f"{job}, {number}" for number in (1, 10, 100)]
        for name in names:
            invoices.perform(name, 20)
        with contextlib.suppress(Planned):
            invoices.perform(job, 0)
        if not ends.wait(SOON):
            raise Wrong("two jobs at the same time to end", "one waits for ever", "for what does it wait?")
        answers = [invoices.perform(name, 20) for name in (*names, f"{job}, too", job)]
        if answers != [False] * 4 + [True]:
            wanted = "False for the four that have charged, True for the one that was refused"
            raise Wrong(wanted, f"{answers}", "which mark is taken back?")


def _in_time_zone(hours: int, perform: Any, job: str) -> Any:
    """Perform a job where the clocks, and the calendars, show something else."""
    usual = time.time
    time.time = lambda: usual() + hours * HOUR
    os.environ["TZ"] = f"X{-hours:+}"
    time.tzset()
    return perform(job, 20)


def _passes(connection: Any, key: str, seconds: float) -> None:
    """Let time pass for the keys that begin with `key`: each is nearer to its end, and each time in it longer ago."""
    for mark in keys(connection, key):
        match text(connection.type(mark)):
            case "string":
                if earlier := _longer_ago(connection.get(mark), seconds):
                    connection.set(mark, earlier, keepttl=True)
            case "zset":
                for member, score in connection.zrange(mark, 0, -1, withscores=True):
                    connection.zadd(mark, {member: _longer_ago(score, seconds) or score})
            case "hash":
                for field, value in connection.hgetall(mark).items():
                    with contextlib.suppress(redis.ResponseError):  # a server whose fields have no end
                        if (left := connection.hpttl(mark, field)[0]) >= 0:
                            connection.hpexpire(mark, max(0, left - int(seconds * 1000)), field)
                            continue
                    if earlier := _longer_ago(value, seconds):
                        connection.hset(mark, field, earlier)
        if (left := connection.pttl(mark)) >= 0:
            connection.pexpire(mark, max(0, left - int(seconds * 1000)))


def _longer_ago(value: Any, seconds: float) -> float | None:
    """Return a time so many seconds before another, in the same unit; None for what is no time of these days."""
    with contextlib.suppress(ValueError):
        when = float(value)
        for unit in (1, 10**3, 10**6, 10**9):
            if abs(when / unit - time.time()) < 30 * DAY:
                return when - seconds * unit
    return None
