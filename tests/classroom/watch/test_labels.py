"""Whatever a job is called with, and whatever it raises: it has a name in a line."""

import collections
import functools
import reprlib
import sys

import pytest
import redis
from jobs import HUGE, Echo, Evil

from luffy_lesson import step7_retries
from luffy_lesson.classroom.watch.labels import LONGEST, expected, label, last_line, name
from luffy_lesson.step3_memory_queue import Worker


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ('{"worker": "Theirs", "args": [3, "x"], "id": "1"}', "Theirs(3, 'x')"),
        ('{"worker": "Theirs", "args": {}}', '{"worker": "Theirs", "args": {}}'),
        ("no job", "no job"),
        ("x" * 10**6, "x" * (LONGEST - 1) + "…"),
        (f'{{"worker": "Theirs", "args": ["{"x" * 10**6}"]}}', "Theirs('xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
    ],
    ids=["a job", "odd arguments", "no job", "a long one", "long arguments"],
)
def test_a_job_that_is_kept_is_named_also_when_its_worker_is_not_defined_here(payload, says):
    assert name(step7_retries.Message(payload.encode())) == says


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "Echo()"),
        ((3, "x"), "Echo(3, 'x')"),
        (("x" * 10**6,), "Echo('xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
        ((HUGE,), f"Echo({reprlib.repr(HUGE)})" if sys.version_info >= (3, 14) else "Echo(…)"),
        (tuple(range(10**5)), f"Echo({', '.join(map(str, range(100)))}"[: LONGEST - 1] + "…"),
        ((collections.deque([1]),), "Echo(deque([1]))"),
    ],
    ids=["none", "two", "a long one", "a huge number", "very many", "a deque"],
)
def test_a_job_is_named_by_its_worker_and_its_arguments_in_short(args, says):
    assert label(Echo, args) == says
    assert Echo.perform_now(*args) == args


class Says:
    """Workers, each with what it says of its time for the arguments (2, 3)."""

    class Nothing(Worker):
        def perform(self, a, b): ...

    class Second(Worker):
        def perform(self, a, seconds): ...

    class First(Worker):
        def perform(self, seconds, b): ...

    class Default(Worker):
        def perform(self, a, b, seconds=7): ...

    class KeywordOnly(Worker):
        def perform(self, *numbers, seconds=7): ...

    class Static(Worker):
        @staticmethod
        def perform(a, seconds): ...

    class Class(Worker):
        @classmethod
        def perform(cls, a, seconds): ...

    class Attribute(Worker):
        seconds = 0.5

        def perform(self, *args): ...

    class Parameter(Worker):
        seconds = 0.5

        def perform(self, seconds, b): ...

    class Partial(Worker):
        perform = functools.partial(max)

    class NoSignature(Worker):
        perform = type

    class Text(Worker):
        seconds = "soon"

        def perform(self, *args): ...


@pytest.mark.parametrize(
    ("worker", "seconds"),
    [
        (Says.Nothing, None),
        (Says.Second, 3),
        (Says.First, 2),
        (Says.Default, 7),
        (Says.KeywordOnly, 7),
        (Says.Static, 3),
        (Says.Class, 3),
        (Says.Attribute, 0.5),
        (Says.Parameter, 2),
        (Says.Partial, None),
        (Says.NoSignature, None),
        (Says.Text, None),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_worker_may_say_how_long_it_takes(worker, seconds):
    assert expected(worker, (2, 3)) == seconds


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 10**400, "3", None, [3]], ids=str)
def test_what_is_no_time_is_not_believed(seconds):
    assert expected(Says.First, (seconds, 3)) is None
    Says.First.perform_now(seconds, 3)


def test_a_worker_that_is_defined_again_is_asked_again():
    def define(perform):
        return type("Again", (Worker,), {"perform": perform})

    assert expected(define(lambda self, seconds, b: None), (2, 3)) == 2
    assert expected(define(lambda self, a, seconds: None), (2, 3)) == 3


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("no such file"), "ValueError: no such file"),
        (ValueError(), "ValueError"),
        (ValueError("one\ntwo\n\n"), "two"),
        (KeyError("x"), "KeyError: 'x'"),
        (redis.ConnectionError("away"), "ConnectionError: away"),
        (Evil(), "Evil: <exception str() failed>"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("x" * 10**6), f"ValueError: {'x' * 10**6}"[: LONGEST - 1] + "…"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_is_told_by_its_last_line(error, says):
    assert last_line(error) == says
