"""The check of exercise 2 of lesson 1."""

import contextlib
import time
from typing import Any

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong, counted


@exercise(number=2, answer="Stubborn")
def try_again(stubborn: Any) -> Steps:
    """A feature: a job that raises is tried once more before an error reaches the caller, the one of the second try."""
    cases = draw("try_again")
    tries: list[tuple[Any, ...]] = []
    fresh: list[bool] = []  # whether each try found nothing of an earlier one in its instance

    class Job(stubborn):  # type: ignore[misc]
        failures: tuple[BaseException, ...] = ()
        answer: Any = "done"

        def perform(self, *args: Any) -> Any:
            tries.append(args)
            fresh.append(not hasattr(self, "half_done"))
            self.half_done = args
            if len(tries) <= len(self.failures):
                raise self.failures[len(tries) - 1]
            return self.answer

    class Nested(stubborn):  # type: ignore[misc]
        def perform(self, more: int) -> None:
            tries.append((more,))
            if tries.count((more,)) == 1:
                raise Planned
            if more:
                Nested.perform_now(more - 1)

    def perform(*failures: BaseException, args: tuple[Any, ...] = (1, 2), answer: Any = "done") -> tuple[str, Any]:
        """Perform it. Tell whether it has returned or raised something, and what."""
        tries.clear()
        Job.failures, Job.answer = failures, answer
        try:
            return "returned", Job.perform_now(*args)
        except NotImplementedError:  # not written yet
            raise
        except BaseException as error:
            # What the answer makes of them is looked at later; anything else is a slip in it.
            if error in failures or isinstance(error, RuntimeError | ExceptionGroup) or type(error) is Exception:
                return "raised", error
            raise

    def tried(times: int, what: str, look: str) -> None:
        if len(tries) != times:
            raise Wrong(what, counted(len(tries), "try", "tries"), look)

    def told(outcome: tuple[str, Any], how: str, thing: Any, expected: str, look: str) -> None:
        if outcome[0] != how or outcome[1] is not thing:
            raise Wrong(expected, f"{outcome[1]!r}, {outcome[0]}", look)

    def fails_once(error: BaseException, args: tuple[Any, ...]) -> tuple[str, Any]:
        outcome = perform(error, args=args)
        tried(2, f"two tries of a job that first raises {error!r}", "what does the `except` catch, and what is done?")
        if list(map(id, tries[0])) != list(map(id, tries[1])):
            seen = f"{tries[0]} and {tries[1]}" if tries[0] != tries[1] else f"copies of {tries[0]} in the second"
            raise Wrong("the same arguments in both tries", seen, "the second call's `*args`")
        return outcome

    time.sleep = lambda seconds: None  # who waits between the tries is right, too, but must not take long here

    yield "does a job that works once"
    outcome = perform()
    tried(1, "one try", "the second try belongs in the `except`")

    yield "returns what the job returns"
    told(outcome, "returned", "done", "'done', what the job has returned", "is there a `return`?")

    yield "does a job once, whatever it returns"
    for thing in things(cases):
        outcome = perform(answer=thing)
        tried(1, f"one try of a job that returns {thing!r}", "how does it know that a try has failed?")
        told(outcome, "returned", thing, f"{thing!r}, what the job has returned", "what is returned, and when?")

    yield "tries a job that has failed once more"
    outcome = fails_once(Planned("first"), (1, 2))

    yield "by a new instance"
    if not fresh[-1]:
        look = "what the first try has left half done in `self`, the second finds: who makes the instance?"
        raise Wrong("a new instance for the second try", "the one of the first, or a copy", look)

    yield "and the next one that fails, too"
    remembered = "what does the class remember of an earlier job?"
    for failures in ([Planned("first")], [], [Planned("first")], [Planned("first")]):
        perform(*failures)
        times = len(failures) + 1
        tried(
            times, f"{'two tries' if failures else 'one try'} of a job that comes after one that has failed", remembered
        )

    yield "whatever it raises"
    kinds = [
        ValueError,
        KeyError,
        OSError,
        AssertionError,
        StopIteration,
        MemoryError,
        TypeError,
        EOFError,
        RuntimeError,
    ]
    for kind in cases.sample(kinds, len(kinds)):
        fails_once(kind("planned"), tuple(things(cases)[: cases.randrange(4)]))

    yield "returns what the second try returns"
    told(outcome, "returned", "done", "'done', what the second try has returned", "is there a `return` before it, too?")
    for thing in things(cases):
        outcome = perform(Planned("first"), answer=thing)
        told(outcome, "returned", thing, f"{thing!r}, what the second try has returned", "what is returned, and when?")
        tried(2, f"two tries of a job whose second one returns {thing!r}", "how does it know that a try has failed?")

    yield "gives up after the second try"
    always = [Planned(number) for number in range(50)]
    outcome = perform(*always)
    tried(
        2,
        "two tries of a job that always fails",
        "a loop, a second try that calls `cls.perform_now`, or something that the class remembers?",
    )
    yield Saw("two tries")

    yield "gives each job two tries, whatever became of the others"
    for many in (50, 1, 50, 50, 0, 1, 2, 1):
        perform(*always[:many])
        times = 2 if many else 1
        tried(times, f"{'two tries' if many else 'one try'} of a job that comes after others", remembered)
    tries.clear()
    with contextlib.suppress(Planned):
        Nested.perform_now(1)
    tried(4, "4 tries: two of a job, and two of one that it calls in its second", remembered)

    yield "lets the second error through to the caller"
    expected = "the error of the second try to be raised"
    told(outcome, "raised", always[1], expected, "what becomes of the second error?")
    outcome = perform(Planned("first"), second := LookupError("second"))
    told(outcome, "raised", second, expected, "which error is raised in the end?")

    yield "does not try again when ■ has interrupted it"
    outcome = perform(interrupt := KeyboardInterrupt())
    tried(1, "one try", "what does the `except` catch?")
    told(outcome, "raised", interrupt, "the interrupt to reach the caller", "what does the `except` catch?")
    outcome = perform(Planned("first"), interrupt)
    tried(2, "no third try when ■ interrupts the second", "what does the `except` catch?")
    told(outcome, "raised", interrupt, "the interrupt of the second try to reach the caller", "a second `except`?")
    perform(Planned("first"))
    tried(2, "two tries of the next job that fails", remembered)

    yield "lets `sys.exit` through to the caller"
    # Tried again or not, both are right.
    for outcome in (perform(*map(SystemExit, range(5))), perform(Planned("first"), SystemExit(2))):
        if outcome[0] != "raised":
            seen = f"{outcome[1]!r}, returned"
            raise Wrong("the SystemExit to reach the caller", seen, "what does an `except` swallow?")
