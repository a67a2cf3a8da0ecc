"""Exercises that check themselves.

`check.perform_now(MyWorker)` tries what you have written; `check.perform_now.hint()` and `check.perform_now.solution()`
help; `check.progress()` tells what is solved, and `check.reset()` forgets it.
"""

from luffy_lesson.classroom.check.exercise import Exercise, progress, reset
from luffy_lesson.classroom.check.lesson1 import perform_now, timed, try_again
from luffy_lesson.classroom.check.lesson2 import limit, perform_async, with_result
from luffy_lesson.classroom.check.lesson3 import priorities, processor, stop_within
from luffy_lesson.classroom.check.lesson4 import once, redis_backend, sqlite_backend, two_queues
from luffy_lesson.classroom.check.lesson5 import acknowledge, charge_once, put_back
from luffy_lesson.classroom.check.lesson6 import schedule
from luffy_lesson.classroom.check.lesson7 import backoff, try_again_later
from luffy_lesson.classroom.check.lesson8 import how_many, next_batch, take_many

__all__ = [
    "Exercise",
    "acknowledge",
    "backoff",
    "charge_once",
    "how_many",
    "limit",
    "next_batch",
    "once",
    "perform_async",
    "perform_now",
    "priorities",
    "processor",
    "progress",
    "put_back",
    "redis_backend",
    "reset",
    "schedule",
    "sqlite_backend",
    "stop_within",
    "take_many",
    "timed",
    "try_again",
    "try_again_later",
    "two_queues",
    "with_result",
]
