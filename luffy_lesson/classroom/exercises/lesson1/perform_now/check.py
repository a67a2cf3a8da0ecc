"""The check of exercise 1 of lesson 1."""

from typing import Any

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong, counted


@exercise(number=1, answer="MyWorker")
def perform_now(my_worker: Any) -> Steps:
    """Rebuild step 1: `perform_now` hands its arguments to `perform` of a new instance, and returns what that does."""
    cases = draw("perform_now")
    calls: list[tuple[Any, tuple[Any, ...]]] = []
    made: list[Any] = []

    class Sum(my_worker):  # type: ignore[misc]
        def perform(self, *args: Any) -> Any:
            calls.append((self, args))
            return 5 if args == (2, 3) else None

    class Same(my_worker):  # type: ignore[misc]
        def perform(self, thing: Any) -> Any:
            return thing

    class Count(my_worker):  # type: ignore[misc]
        def __init__(self) -> None:
            made.append(self)
            self.jobs = 0

        def perform(self, more: int) -> None:
            calls.append((self, (more,)))
            self.jobs += 1
            if more:
                Count.perform_now(more - 1)

    class Fails(my_worker):  # type: ignore[misc]
        def perform(self, error: BaseException) -> None:
            calls.append((self, (error,)))
            raise error

    yield "calls `perform`, once"
    result = Sum.perform_now(2, 3)
    if len(calls) != 1:
        raise Wrong("one call of `perform`", counted(len(calls), "call"), "who calls `perform`, and on what?")

    yield "calls it on an instance of the worker"
    if not isinstance(calls[0][0], Sum):
        raise Wrong(
            "an instance as `self`",
            "the class itself" if calls[0][0] is Sum else f"{calls[0][0]!r}",
            "what stands before `.perform`, and is `@classmethod` still above?",
        )

    yield "hands on the arguments"
    if calls[0][1] != (2, 3):
        raise Wrong(
            "the arguments (2, 3)", f"{calls[0][1]}", "the star: `args` is one tuple, `*args` is what was in it"
        )
    for args in [(), ([2, 3],), (7, 7), *(tuple(things(cases)[:many]) for many in range(1, 10))]:
        calls.clear()
        Sum.perform_now(*args)
        if len(calls) != 1:
            seen = counted(len(calls), "call")
            raise Wrong(f"one call of `perform` for the arguments {args}", seen, "when is `perform` called?")
        if list(map(id, calls[0][1])) != list(map(id, args)):  # `==` would take a copy, and False for 0
            seen = "copies of them" if calls[0][1] == args else f"{calls[0][1]}"
            raise Wrong(f"the very arguments {args}", seen, "what does `perform` get, and how many of them?")
    yield Saw("2 and 3")

    yield "returns what `perform` returns"
    if result != 5:
        raise Wrong("5 for the sum of 2 and 3", f"{result!r}", "what does `perform_now` return?")
    for thing in things(cases):
        if (result := Same.perform_now(thing)) is not thing:
            raise Wrong(f"{thing!r}, as `perform` has returned it", f"{result!r}", "what does `perform_now` return?")
    yield Saw("5")

    yield "makes a new instance for each job"
    calls.clear()
    for more in (0, 1, 1, 2):  # a job may call another one
        Count.perform_now(more)
    if len(calls) != 8:
        raise Wrong(
            "8 jobs, each done when it is asked for", f"{len(calls)} done", "is a result kept from an earlier job?"
        )
    if len(made) > 8:
        raise Wrong("8 instances for 8 jobs", f"{len(made)} of them", "what becomes of each instance?")
    if any(worker.jobs != 1 for worker, _ in calls):
        raise Wrong("an instance for each job", "the same one twice", "what one job leaves in it, the next would find")
    if len(made) < 8:
        seen = f"it has run {len(made)} times" if len(made) > 1 else "it has run once"
        look = "a copy of an instance is no new one: a list that `__init__` has made, all copies have"
        raise Wrong("`__init__` to run for each of 8 jobs", seen, look)

    yield "lets an exception through to the caller"
    kinds: list[Any] = [Planned, ValueError, TypeError, AttributeError, KeyError, KeyboardInterrupt, SystemExit]
    for kind in cases.sample(kinds, len(kinds)):
        error = kind("planned")
        calls.clear()
        try:
            result = Fails.perform_now(error)
        except BaseException as raised:
            if raised is not error:
                raise Wrong("the exception of `perform`", f"{raised!r}", "is there an `except`?") from None
        else:
            raise Wrong(f"{error!r}, which `perform` has raised", f"{result!r}, returned", "is there an `except`?")
        if len(calls) != 1:
            raise Wrong("one call of a `perform` that raises", f"{len(calls)} of them", "is there an `except`?")
