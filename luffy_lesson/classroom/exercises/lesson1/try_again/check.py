"""The check of exercise 2 of lesson 1."""

from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong


@exercise(number=2, answer="Stubborn")
def try_again(stubborn: Any) -> Steps:
    """A feature: a job that raises is tried once more before the error reaches the caller."""
    tries: list[tuple[Any, ...]] = []

    class Job(stubborn):  # type: ignore[misc]
        failures: tuple[BaseException, ...] = ()
        answer: str | None = "done"

        def perform(self, *args: Any) -> str | None:
            tries.append(args)
            if len(tries) <= len(self.failures):
                raise self.failures[len(tries) - 1]
            return self.answer

    def perform(*failures: BaseException) -> Any:
        """Perform it. Return what it returns, or the exception that it raises; never one that is returned."""
        tries.clear()
        Job.failures = failures
        try:
            result = Job.perform_now(1, 2)
            return f"{result!r}, returned" if isinstance(result, BaseException) else result
        except NotImplementedError:  # not written yet
            raise
        except (Planned, RuntimeError, KeyboardInterrupt) as error:
            return error

    yield "does a job that works once"
    result = perform()
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "the second try belongs in the `except`")

    yield "returns what the job returns"
    if result != "done":
        raise Wrong("'done', what the job has returned", f"{result!r}", "is there a `return`?")

    yield "does a job that works and returns nothing once, too"
    Job.answer = None
    perform()
    Job.answer = "done"
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "how does it know that a try has failed? Most jobs return None")

    yield "tries a job that has failed once more"
    result = perform(Planned("first"))
    if len(tries) != 2:
        raise Wrong("two tries", f"{len(tries)}", "what does the `except` catch, and what happens in it?")
    if tries[0] != tries[1]:
        raise Wrong("the same arguments in both tries", f"{tries[0]} and {tries[1]}", "the second call's `*args`")

    yield "returns what the second try returns"
    if result != "done":
        raise Wrong("'done', what the second try has returned", f"{result!r}", "is there a `return` before it, too?")

    yield "gives up after the second try"
    result = perform(*map(Planned, range(50)))
    if len(tries) != 2:
        raise Wrong(
            "two tries of a job that always fails",
            f"{len(tries)}",
            "a loop, a second try that calls `cls.perform_now`, or something that the class remembers?",
        )
    yield Saw("two tries")

    yield "lets the second error through to the caller"
    if not isinstance(result, Planned) or result.args != (1,):
        raise Wrong("the error of the second try to be raised", f"{result!r}", "what becomes of the second error?")

    yield "does not try again when ■ has interrupted it"
    result = perform(KeyboardInterrupt())
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "what does the `except` catch?")
    if not isinstance(result, KeyboardInterrupt):
        raise Wrong("the interrupt to reach the caller", f"{result!r}", "what does the `except` catch?")
