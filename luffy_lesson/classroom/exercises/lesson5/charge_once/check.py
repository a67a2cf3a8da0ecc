"""The check of exercise 3 of lesson 5."""

import contextlib
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import (
    Rehashed,
    Rival,
    connect,
    new_key,
    rivals,
)
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong

DAY = 24 * 60 * 60
"""In seconds."""


@exercise(number=3, answer="ChargeOnce", uses_redis=True)
def charge_once(charge_once: Any) -> Steps:
    """An idempotent job: it may be performed twice, and charges once."""
    connection, key = connect(), new_key()
    charged: list[Any] = []
    invoices = charge_once(connection, key, charged.append)

    def marks() -> list[Any]:
        return list(connection.scan_iter(f"{key}*"))

    yield "charges, and returns True"
    answer = invoices.perform("job 1", 20)
    if charged != [20] or answer is not True:
        raise Wrong("a charge of 20, and True", f"{charged}, and {answer!r}", "`self.charge(amount)`, and `return`")

    yield "does not charge for the same job again, and returns False"
    answers = [invoices.perform("job 1", 20), invoices.perform("job 1", 20)]
    if charged != [20] or answers != [False, False]:
        seen = f"{len(charged)}, and {answers}"
        raise Wrong("one charge, and False the second and the third time", seen, "who knows of the first?")

    yield "charges for another job of the same amount"
    if invoices.perform("job 2", 20) is not True or charged != [20, 20]:
        raise Wrong("two charges for two jobs", f"{len(charged)}", "what is in the key of the mark?")

    yield "remembers it in another process, too"
    for again in ("job 1", Rehashed("job 1")):
        charge_once(connect(), key, charged.append).perform(again, 20)
        if len(charged) != 2:
            raise Wrong("False, and no charge", "a charge", "where is it remembered, and under which name?")

    yield "the mark goes away by itself after a day"
    if not (before := marks()):
        raise Wrong(f"a key that begins with {key}", "no such key", "where is it remembered?")
    times = [connection.ttl(mark) for mark in before]
    if not all(DAY - 600 < seconds <= DAY for seconds in times):
        seen = ", ".join(f"{seconds} s" for seconds in times if seconds > 0) or "marks that stay for ever"
        raise Wrong(f"marks for a day, {DAY} s", seen, "`ex=`")
    for mark in before:
        connection.expire(mark, DAY // 2)
    invoices.perform("job 3", 20)
    if any(connection.ttl(mark) > DAY // 2 for mark in before):
        raise Wrong("each mark to have its own day", "one that lives on with each job", "the key of the mark")

    yield "charges once when two perform it at the same moment"
    for other, rival in rivals():
        charged.clear()
        key = new_key()
        rival.act = partial(charge_once(connect(), key, charged.append).perform, "job 1", 20)
        answers = [charge_once(other, key, charged.append).perform("job 1", 20), rival.answer()]
        if len(charged) != 1 or sorted(answers) != [False, True]:
            seen = f"{len(charged)}, and {answers}"
            raise Wrong("one charge, one True and one False", seen, "what may happen between asking and setting?")
    charged.clear()
    key, rival = new_key(), Rival()

    def charge_slowly(amount: Any) -> None:
        charged.append(amount)
        rival.begin()

    rival.act = lambda: charge_once(connect(), key, charged.append).perform("job 1", 20)
    answers = [charge_once(connection, key, charge_slowly).perform("job 1", 20), rival.answer()]
    if len(charged) != 1 or sorted(answers) != [False, True]:
        seen = f"{len(charged)}, and {answers}"
        raise Wrong("one charge when another comes while it charges", seen, "when is the mark set?")

    def refuse(_: Any) -> None:
        raise Planned("the card was refused")

    yield "lets the error of `charge` through"
    charged.clear()
    key = new_key()
    charge_once(connection, key, charged.append).perform("job 1", 20)
    with_bad_card = charge_once(connection, key, refuse)
    raised = False
    try:
        with_bad_card.perform("job 2", 20)
    except Planned:
        raised = True
    if not raised:
        raise Wrong("the error of `charge`", "none", "is there a `raise` in the `except`?")

    yield "charges at the next try when `charge` has raised"
    answer = charge_once(connection, key, charged.append).perform("job 2", 20)
    if answer is not True or len(charged) != 2:
        raise Wrong("True, and a charge", f"{answer!r}, and none", "what becomes of the mark when nothing was charged?")

    yield "takes back the mark of that job, and no other"
    for job in ("job 1", "job 2"):
        with contextlib.suppress(Planned):
            with_bad_card.perform("job 3", 20)
        if charge_once(connection, key, charged.append).perform(job, 20) is not False:
            raise Wrong(f"False for {job}, which has charged", "a charge", "which mark is taken back?")
