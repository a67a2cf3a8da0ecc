"""The check of exercise 3 of lesson 10."""

import json
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import connect, keys, new_key, nth, short
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import clock_set

OVER = 0.2
"""How long a short heartbeat lasts, in seconds."""

UNREADABLE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"7",
    b'"busy"',
    b'["busy"]',
    b"{}",
    b'{"busy": null}',
    b'{"busy": 7}',
    b'{"busy": "a job"}',
    b'{"busy": {"a job": 1}}',
    b'{"host": "web1"}',
    b'{"busy": true}',
]


@exercise(number=3, answer="gone", uses_redis=True)
def gone(gone: Callable[..., Any]) -> Steps:
    """Tell which processes of a registry are gone, and what each had in hand."""
    connection = connect()
    cases = draw("gone")
    key = new_key()

    def process(name: str | bytes, seconds: float | None, *busy: str) -> None:
        """Let a process have an entry, and a heartbeat that stops in so many seconds, or none."""
        connection.hset(f"{key}:info", name, json.dumps({"host": "web1", "busy": busy}))
        if seconds is not None:
            beat(name, seconds)

    def beat(name: str | bytes, seconds: float) -> None:
        now, microseconds = connection.time()
        connection.zadd(key, {name: now + microseconds / 1e6 + seconds})

    def registry() -> tuple[Any, ...]:
        """Return all that is written there."""
        scores = connection.zrange(key, 0, -1, withscores=True)
        return scores, connection.hgetall(f"{key}:info"), sorted(keys(connection, key))

    def clear() -> None:
        connection.delete(key, f"{key}:info")

    def compare(answer: Any, expected: dict[bytes, list[str]], look: str) -> None:
        """Raise `Wrong` unless an answer is the expected one."""
        if answer == expected:
            return
        if not isinstance(answer, dict):
            raise Wrong("a dictionary", f"`{answer!r}`, of the type {type(answer).__name__}", "what is returned?")
        if any(isinstance(name, str) for name in answer):
            raise Wrong("ids as bytes, as the server has them", f"{next(iter(answer))!r}", "what is decoded?")
        if missing := expected.keys() - answer.keys():
            name = min(missing)
            raise Wrong(f"{name!r} to be gone", "that it is left out", look)
        if more := answer.keys() - expected.keys():
            raise Wrong(f"{min(more)!r} to live", "it among the gone", look)
        name = next(name for name in expected if answer[name] != expected[name])
        raise Wrong(f"{expected[name]!r} in hand of {short(name)}", f"{answer[name]!r}", look)

    with Gate() as gate:
        through_gate = gate.connect()

        yield "tells who is gone"
        process("dead", -5, "a job")
        before = registry()
        compare(gone(through_gate, key), {b"dead": ["a job"]}, "which score is in the past?")

        yield "it changes nothing"
        if registry() != before:
            raise Wrong("the registry to stay as it is", "a change", "which command writes?")

        yield "says nothing of who lives"
        process("alive", 60, "another job")
        compare(gone(through_gate, key), {b"dead": ["a job"]}, "which heartbeats have stopped?")
        clear()
        process("alive", 60)
        compare(gone(through_gate, key), {}, "what is returned when all live?")
        clear()
        compare(gone(through_gate, key), {}, "what is returned when nobody is there?")

        yield "tells what each had in hand"
        expected: dict[bytes, list[str]] = {}
        for number in range(cases.randint(12, 20)):
            busy = [f"job {cases.randrange(100)}" for _ in range(cases.choice([0, 1, 1, 2, 5]))]
            seconds = cases.choice([-100000, -60, -1.5, 1.5, 60, 100000])
            process(f"web{number}:{cases.randrange(9999)}:x", seconds, *busy)
            if seconds < 0:
                expected[f"web{number}".encode()] = busy
        names = {name.split(b":")[0]: name for name in connection.zrange(key, 0, -1)}
        expected = {names[name]: busy for name, busy in expected.items()}
        compare(gone(through_gate, key), expected, "which entry goes with which id?")

        yield "who has an entry and no heartbeat is gone"
        process("never beat", None, "a job")
        expected[b"never beat"] = ["a job"]
        compare(gone(through_gate, key), expected, "whom do you ask about: the sorted set, or the hash?")

        yield "who had a heartbeat and has no entry is gone, with nothing in hand"
        beat("no entry", -3)
        expected[b"no entry"] = []
        compare(gone(through_gate, key), expected, "what does `hget` answer when nothing is there?")
        beat("no entry yet", 60)
        compare(gone(through_gate, key), expected, "who lives?")

        yield "the clock is the server's"
        clear()
        process("dead", -1800, "a job")
        process("alive", 1800)
        for seconds in (3600, -3600):
            with clock_set(seconds, again=False):
                answer = gone(through_gate, key)
            look = "whose clock? `connection.time()`"
            compare(answer, {b"dead": ["a job"]}, look)

        yield "the microseconds count"
        clear()
        process("alive", 0.35)
        beat("dead", -0.35)
        beat("others", -0.002)
        compare(gone(through_gate, key), {b"dead": [], b"others": []}, "`connection.time()` answers with two numbers")

        yield "what cannot be read is nothing in hand"
        clear()
        expected = {}
        for number, written in enumerate(cases.sample(UNREADABLE, len(UNREADABLE))):
            connection.hset(f"{key}:info", f"{number:02}", written)
            beat(f"{number:02}", -1)
            expected[f"{number:02}".encode()] = []
            try:
                compare(gone(through_gate, key), expected, f"what becomes of `{written!r}`?")
            except Wrong:
                raise
            except Exception as error:
                seen = f"{type(error).__name__} for `{written!r}`"
                raise Wrong("no exception", seen, "which of these may be no list, no object, no JSON?") from None

        yield "what is no text is left out"
        busy_things = ["a job", 7, None, ["a job"], {"a": 1}, "", True, "naïve ✓", "a job"]
        connection.hset(f"{key}:info", b"id \xff", json.dumps({"busy": busy_things}))
        beat(b"id \xff", -1)
        expected[b"id \xff"] = ["a job", "", "naïve ✓", "a job"]
        compare(gone(through_gate, key), expected, "which of the things in `busy` are texts?")

        yield "who comes or leaves meanwhile is not gone"
        for number in range(1, 10):
            clear()
            process("dead", -5, "a job")
            process("leaves", 30, "its job")
            came: list[int] = []

            def meanwhile(command: int, number: int = number, came: list[int] = came) -> None:
                if command == number:
                    came.append(command)
                    connection.zrem(key, "leaves")
                    connection.hdel(f"{key}:info", "leaves")
                    process("comes", 30, "its job")

            gate.watch(meanwhile)
            answer = gone(through_gate, key)
            gate.watch()
            look = f"who may come or leave before your {nth(number)} command? One transaction, or one script"
            compare(answer, {b"dead": ["a job"]}, look)
            if not came:
                break

        yield "nor who beats meanwhile"

        def beats(command: int) -> None:
            """Let time pass after the first command, and beat in time."""
            if command == 1:
                beat("beats", OVER)
            elif command == 2:
                time.sleep(1.2 * OVER)
                beat("beats", 30)

        for tries in range(3):  # a busy machine may be slow
            clear()
            process("dead", -5, "a job")
            process("beats", OVER, "its job")
            gate.watch(beats)
            answer = gone(through_gate, key)
            gate.watch()
            if answer == {b"dead": ["a job"]}:
                break
            if tries == 2:
                compare(answer, {b"dead": ["a job"]}, "which is read first: the heartbeats, or the clock?")
        clear()
