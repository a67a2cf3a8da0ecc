"""An exercise: the check that tries a learner's answer, its hints and its solution."""

import contextlib
import inspect
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from luffy_lesson.classroom.check.leftovers import taken_away
from luffy_lesson.classroom.check.progress_file import note, solved
from luffy_lesson.classroom.check.sandbox import LONGEST, Outcome, Steps, attempt
from luffy_lesson.classroom.check.waiting import until
from luffy_lesson.classroom.page.show import show


class Exercise:
    """Something to build, and what tells whether it is right. Call it with what you have built."""

    all: "dict[str, Exercise]" = {}  # by name, in the order of the course

    def __init__(self, steps: Callable[[Any], Steps], number: int, answer: str, uses_redis: bool) -> None:
        """Make an exercise; the arguments are those of `exercise`."""
        self.name, self.number, self.answer = steps.__name__, number, answer
        self.folder = Path(inspect.getfile(steps)).parent
        self.lesson = int(self.folder.parent.name.removeprefix("lesson"))
        self.__doc__ = steps.__doc__
        self._steps = steps
        self.uses_redis = uses_redis
        self._hinted = 0

    def __call__(self, answer: Any = None) -> None:
        """Try an answer, and print line by line what was tried and what was seen, up to the first that is not right.

        Args:
            answer: the class or function that the exercise asks for.
        """
        kind = "class" if self.answer[0].isupper() else "function"
        if isinstance(answer, type) is not (kind == "class") or not callable(answer):
            print(f"✗ expected the {kind} itself: {self}({self.answer})")
            return
        try:
            for outcome in self.attempt(answer):
                print(self._line(outcome), flush=True)
        except redis.RedisError as error:
            print(f"✗ Redis does not answer ({error}). Run `lesson.fresh({self.lesson})`, then try again.")
            return
        if outcome.right:
            self._solved()

    def attempt(self, answer: Any) -> Iterator[Outcome]:
        """Try an answer, and yield what became of each step, up to the first that is not right.

        Args:
            answer: the class or function that the exercise asks for.

        Raises:
            redis.RedisError: when the exercise needs Redis, and it does not answer.
        """
        until(lambda: not _at_work(answer), LONGEST)  # what its jobs hold, nobody would give back in the sandbox
        with taken_away() if self.uses_redis else contextlib.nullcontext(lambda steps: steps) as noted:
            yield from attempt(noted(self._steps), answer)

    def hint(self) -> None:
        """Print a hint; the next time, the next one."""
        print(wrapped(f"hint {self._hinted + 1} of {len(self.hints)}: {self.hints[self._hinted]}"))
        self._hinted = (self._hinted + 1) % len(self.hints)
        if self._hinted:
            print(f"  another: {self}.hint()")
        else:
            print(f"  That was the last. One way to do it: {self}.solution()")

    def solution(self) -> None:
        """Display one way to do it."""
        show(self.solution_file)

    @property
    def hints(self) -> list[str]:
        """Two or three, each telling more than the one before."""
        paragraphs = (self.folder / "hints.txt").read_text(encoding="utf-8").strip().split("\n\n")
        return [" ".join(paragraph.split("\n")) for paragraph in paragraphs]

    @property
    def solution_file(self) -> Path:
        """Where the solution is kept: what could stand in the exercise's cell."""
        return self.folder / "solution.py"

    def reset(self) -> None:
        """Forget that the exercise was solved, and which hints were given. Your code stays as it is.

        Raises:
            OSError: when the file with your progress cannot be written.
        """
        self._hinted = 0
        if self.name in solved():
            note(self.name, "reset")

    def __repr__(self) -> str:
        return f"check.{self.name}"

    def _line(self, outcome: Outcome) -> str:
        if outcome.right:
            return f"✓ {outcome.step}" + (f" ({outcome.says})" if outcome.says else "")
        if outcome.missing:
            first = f"not solved yet: `{outcome.missing}` is still to be written"
        else:
            first = f"✗ {outcome.step}: {outcome.says}"
        look = [f"  look at: {outcome.look}"] if outcome.look else []
        return "\n".join([wrapped(first), *map(wrapped, look), f"  hint: {self}.hint()"])

    def _solved(self) -> None:
        try:
            note(self.name, "solved")
            known = solved()
        except (OSError, RuntimeError) as error:
            print(f"Solved. (It could not be noted: {error})")
            return
        names = names_of(self.lesson)
        print(f"Solved: {len(known.intersection(names))} of {len(names)} in lesson {self.lesson}.")


def exercise(number: int, answer: str, uses_redis: bool = False) -> Callable[[Callable[[Any], Steps]], Exercise]:
    """Make an exercise of a function that has the steps of its check. Its lesson is the one in whose folder it is.

    Args:
        number: its place in the lesson.
        answer: the name of the class or function that the learner writes.
        uses_redis: whether the check uses the Redis server.
    """

    def register(steps: Callable[[Any], Steps]) -> Exercise:
        made = Exercise(steps, number, answer, uses_redis)
        known = sorted([*Exercise.all.values(), made], key=lambda each: (each.lesson, each.number))
        Exercise.all = {each.name: each for each in known}
        return made

    return register


def wrapped(line: str) -> str:
    """Return a line in several where it is long: JupyterLab would break it in the middle of a word."""
    return textwrap.fill(line, 92, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def progress() -> None:
    """Print which exercises are solved, lesson by lesson."""
    known = solved()
    for lesson in sorted({each.lesson for each in Exercise.all.values()}):
        print(f"lesson {lesson}: {standing(names_of(lesson), known)}")


def names_of(lesson: int) -> list[str]:
    """Return the names of a lesson's exercises, in their order."""
    return [each.name for each in Exercise.all.values() if each.lesson == lesson]


def standing(names: list[str], known: set[str]) -> str:
    """Return a line that tells which of the exercises `names` are among the solved ones, `known`."""
    marks = "   ".join(f"{'✓' if name in known else '·'} {name}" for name in names)
    return f"{len(known.intersection(names))} of {len(names)} solved   {marks}"


def reset() -> None:
    """Forget of all exercises that they were solved. Your code stays as it is.

    Raises:
        OSError: when the file with your progress cannot be written.
    """
    for each in Exercise.all.values():
        each.reset()


def _at_work(answer: Any) -> bool:
    """Return whether another thread is at work on a job of an answer: is in a method of a worker made of it."""
    frames = sys._current_frames()
    frames.pop(threading.get_ident())
    classes = (frame.f_locals.get("cls") for top in frames.values() for frame, _ in traceback.walk_stack(top))
    return isinstance(answer, type) and any(isinstance(cls, type) and issubclass(cls, answer) for cls in classes)
