"""The check of exercise 1 of lesson 1."""

from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong


@exercise(number=1, answer="MyWorker")
def perform_now(my_worker: Any) -> Steps:
    """Rebuild step 1: `perform_now` hands its arguments to `perform` of a new instance, and returns what that does."""
    calls: list[tuple[Any, tuple[Any, ...]]] = []

    class Sum(my_worker):  # type: ignore[misc]
        def perform(self, *args: Any) -> Any:
            calls.append((self, args))
            return 5 if args == (2, 3) else None

    class Fails(my_worker):  # type: ignore[misc]
        def perform(self) -> None:
            raise Planned

    yield "calls `perform`, once"
    result = Sum.perform_now(2, 3)
    if len(calls) != 1:
        raise Wrong("one call to `perform`", f"{len(calls)}", "who calls `perform`, and on what?")

    yield "calls it on an instance of the worker"
    if not isinstance(calls[0][0], Sum):
        raise Wrong(
            "an instance as `self`",
            f"{calls[0][0]!r}",
            "what stands before `.perform`, and is `@classmethod` still above?",
        )

    yield "hands on the arguments"
    if calls[0][1] != (2, 3):
        raise Wrong(
            "the arguments (2, 3)", f"{calls[0][1]}", "the star: `args` is one tuple, `*args` is what was in it"
        )
    yield Saw("2 and 3")

    yield "returns what `perform` returns"
    if result != 5:
        raise Wrong("5 for the sum of 2 and 3", f"{result!r}", "what does `perform_now` return?")
    yield Saw("5")

    yield "makes a new instance for each job"
    Sum.perform_now(1)
    if calls[0][0] is calls[1][0]:
        raise Wrong(
            "two instances for two jobs", "the same one twice", "what one job leaves in it, the next would find"
        )

    yield "lets an exception through to the caller"
    try:
        Fails.perform_now()
    except Planned:
        return
    except Exception as error:
        raise Wrong("the exception of `perform`", f"{error!r}", "is there an `except`?") from None
    raise Wrong("the exception of `perform`", "none", "is there an `except`?")
