"""Answers to exercises, tried: a module of its own, for a process that imports nothing else of the tests."""

import linecache
import os
from typing import Any

import redis

import luffy_lesson.classroom.check  # noqa: F401  # so that the exercises are there
from luffy_lesson.classroom.check.exercise import Exercise
from luffy_lesson.classroom.check.sandbox import Outcome


def tried(name: str, source: str, before: str, redis_url: str) -> list[Outcome]:
    """Return what became of the steps of a check, which must leave nothing but keys of the course.

    Args:
        name: the exercise's.
        source: of the answer.
        before: source that runs before it.
        redis_url: what `$REDIS_URL` is meanwhile: an empty database, unless the check uses none.
    """
    os.environ["REDIS_URL"] = redis_url
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(before, namespace)
    linecache.cache["<answer>"] = (len(source), None, source.splitlines(keepends=True), "<answer>")  # as of a cell
    exec(compile(source, "<answer>", "exec"), namespace)
    exercise = Exercise.all[name]
    outcomes = list(exercise.attempt(namespace[exercise.answer]))
    if redis_url:
        with redis.Redis.from_url(redis_url) as connection:
            left = [key for key in connection.scan_iter() if not key.startswith(b"luffy:")]
            connection.flushdb()
        assert left == []
    return outcomes
