"""A process of a benchmark: `python -m contenders FILE VARIANT send|work`. It does what it reads, and answers in JSON.

Who gives jobs understands `enqueue N` and `bulk N`, and `send`, which gives one job with the time in it, and answers
how many seconds that took. Who does them understands `expect N`, from when on it counts; to that, to `count`, and to
`wait`, when so many have begun, it answers how many have, and when the first and the last of them did. Both end when
their input does.
"""

import importlib
import json
import logging
import os
import sys
import threading
import time
from typing import Any

from contenders import Contender, job

PATIENCE = 600
"""How long to wait for jobs that do not come, in seconds."""

answers = os.fdopen(os.dup(1), "w")


def main() -> None:
    """Be one of the two processes."""
    file, variant, role = sys.argv[1:]
    os.dup2(2, 1)  # what an engine prints is no answer
    logging.basicConfig(level=logging.WARNING)  # for all the same: a line for each job would be what is measured
    contender = importlib.import_module(f"contenders.{file}").variants[int(variant)]()
    if role == "send":
        for line in sys.stdin:
            answer(give(contender, *line.split()))
    else:
        ask(sys.stdin.readline())  # before the first job comes
        threading.Thread(target=listen).start()
        contender.work()
        threading.Event().wait()


def answer(value: Any) -> None:
    """Answer in one line."""
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def give(contender: Contender, how: str, number: str = "1") -> float:
    """Give jobs. Return how many seconds it took."""
    begin = time.monotonic()
    if how == "send":
        contender.send(begin)
    else:
        getattr(contender, how)(int(number))
    return time.monotonic() - begin


def ask(line: str) -> None:
    """Answer what is asked of a process that does jobs."""
    match line.split():
        case ["expect", number]:
            job.expect(int(number))
        case ["wait"]:
            job.complete.wait(PATIENCE)
    times = list(job.arrivals)
    answer([len(times), min(times, default=0), max(times, default=0)])


def listen() -> None:
    """Answer, and end the process when nobody is left to ask: what it has in hand is of no use any more."""
    for line in sys.stdin:
        ask(line)
    os._exit(0)


main()
