"""The check of exercise 3 of lesson 4."""

import threading
import time
from typing import Any

from luffy_lesson.classroom.check.connection import Rehashed, connect, new_key, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import TAKERS
from luffy_lesson.classroom.check.waiting import SOON


@exercise(number=3, answer="Once", uses_redis=True)
def once(once: Any) -> Steps:
    """Unique jobs: an equal job is not put in twice within a minute."""
    connection, key = connect(), new_key()
    backend = once(connection, key)

    def marks() -> list[Any]:
        return [name for name in connection.scan_iter(f"{key}*") if text(name) != key]

    yield "puts a job in the list, and returns True"
    if (answer := backend.put("send the letter")) is not True:
        raise Wrong("True", f"{answer!r}", "what does `put` return?")
    if (there := [text(job) for job in connection.lrange(key, 0, -1)]) != ["send the letter"]:
        raise Wrong(f"the job in {key}", f"{there}", "`lpush`, and the key")

    yield "refuses an equal one, and returns False"
    if (answer := backend.put("send the letter")) is not False or connection.llen(key) != 1:
        raise Wrong(
            "False, and 1 job in the list",
            f"{answer!r}, and {connection.llen(key)}",
            "who knows of the first, and what does `put` return then?",
        )

    yield "lets another job in"
    if backend.put("send the bill") is not True:
        raise Wrong("True for another job", "False", "is the job a part of the mark's key?")

    yield "refuses it in another process, too"
    if once(connection, key).put("send the bill") is not False:
        raise Wrong("False", "True", "where is it remembered?")

    if once(connection, key).put(Rehashed("send the bill")) is not False:
        raise Wrong("False", "True", "`hash` and `id` of an equal job: in each process another number")

    yield "the mark goes away by itself"
    times = [connection.ttl(mark) for mark in marks()]
    if not times:
        look = "where is it remembered when the job has been taken from the list?"
        raise Wrong(f"a key that begins with {key} and goes away by itself", "no such key", look)
    if not all(40 < seconds <= 60 for seconds in times):
        seen = ", ".join(f"{seconds} s" for seconds in times if seconds > 0) or "marks that stay for ever"
        raise Wrong("marks for a minute", seen, "`ex=`")

    before = marks()
    for mark in before:
        connection.expire(mark, 30)
    backend.put("send the letter")
    if any(connection.ttl(mark) > 30 for mark in before):
        raise Wrong(
            "the minute of the first", "one that begins again with each refused one", "who sets the mark's time?"
        )
    backend.put("send the reminder")
    if any(connection.ttl(mark) > 30 for mark in before):
        raise Wrong("each mark to have its own minute", "one that lives on with each job", "the key of the mark")

    yield "lets the job in again after that"
    for mark in marks():
        connection.delete(mark)
    if backend.put("send the letter") is not True:
        raise Wrong("True once the mark is gone", "False", "what else remembers the job?")

    yield "lets one of many in that come at the same moment"
    deadline = time.monotonic() + SOON
    for round_ in range(20):
        if time.monotonic() > deadline:  # a lock in Redis takes its time
            break
        answers: list[Any] = []
        begin = threading.Barrier(TAKERS)

        def put(job: str, begin: threading.Barrier, answers: list[Any]) -> None:
            begin.wait(SOON)
            answers.append(backend.put(job))

        arguments = f"job {round_}", begin, answers
        threads = [threading.Thread(target=put, args=arguments, name="the check's own") for _ in range(TAKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        if sorted(answers) != [False] * (TAKERS - 1) + [True]:
            raise Wrong("one True of four", f"{answers}", "what may happen between asking and setting?")
