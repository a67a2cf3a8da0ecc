"""Exercises that check themselves.

`check.perform_now(MyWorker)` tries what you have written; `check.perform_now.hint()` and `check.perform_now.solution()`
help; `check.progress()` tells what is solved, and `check.reset()` forgets it.
"""

import importlib
from pathlib import Path

from luffy_lesson.classroom.check.exercise import Exercise, progress, reset

LESSONS = sorted(Path(__file__).parent.glob("lesson*.py"), key=lambda path: int(path.stem.removeprefix("lesson")))
for lesson in LESSONS:
    importlib.import_module(f"{__name__}.{lesson.stem}")
globals().update(Exercise.all)  # each exercise is there by its name

__all__ = ["Exercise", "progress", "reset", *Exercise.all]
