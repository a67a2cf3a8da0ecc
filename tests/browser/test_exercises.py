"""Exercises and predictions, as a learner meets them: answers are typed, and predictions chosen, in JupyterLab."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from lab import ROOT, Notebook, code_cells
from nbformat import NotebookNode

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.usefixtures("nothing_solved")]

FIRST = "01_sync"
"""It is solved beside the first page, which tells of it; each other one after its notebook was run."""

CHECK = re.compile(r"check\.(\w+)\(\w+\)")
HINT = re.compile(r"^  hint: (check\.\w+\.hint\(\))$", re.MULTILINE)


class Wrong(NamedTuple):
    """An answer that somebody might well give, and the line of the check that says what is wrong with it."""

    exercise: str
    answer: str
    line: str

    @property
    def solution(self) -> str:
        (path,) = ROOT.glob(f"luffy_lesson/classroom/exercises/*/{self.exercise}/solution.py")
        return path.read_text()


MISTAKES = {
    "01_sync": Wrong(
        "perform_now",
        """
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        return cls().perform(args)
""",
        r"✗ hands on the arguments: expected the arguments \(2, 3\), saw \(\(2, 3\),\)",
    ),
    "02_threaded": Wrong(
        "perform_async",
        """
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=cls.perform_now(*args))
        thread.start()
        return thread
""",
        r"✗ returns before the work is done: expected the call to return .*, saw it returned after the job",
    ),
    "03_memory_queue": Wrong(
        "stop_within",
        """
def stop_within(processors, seconds):
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(seconds)
    return [processor.thread.name for processor in processors if processor.thread.is_alive()]
""",
        r"✗ lets those who are late share the time: expected 0\.4 s for four late processors together, saw \d\.\d s",
    ),
    "04_redis_queue": Wrong(
        "once",
        """
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.seen = set()

    def put(self, job):
        if job in self.seen:
            return False
        self.seen.add(job)
        self.connection.lpush(self.key, job)
        return True
""",
        r"✗ refuses it in another process, too: expected False here after True there, saw True",
    ),
    "05_reliable_queue": Wrong(
        "acknowledge",
        """
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        if job is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 0, job)
""",
        r"✗ of two equal jobs it removes one: expected \['twin'\] in flight, saw \[\]",
    ),
    "06_schedule": Wrong(
        "schedule",
        """
import time


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: seconds})

    def promote(self):
        return 0
""",
        r"✗ its score is when it is due, in seconds since 1970: expected \d+\.\d\d, in 100\.25 s, saw 100\.25",
    ),
    "07_retries": Wrong(
        "backoff",
        """
import random


def backoff(tries):
    return random.uniform(0, min(60, 2**tries))
""",
        r"✗ begins with half a second to a second: expected 0\.5 s to 1 s from `backoff\(0\)`, saw 0\.\d+ s",
    ),
    "08_fast_queue": Wrong(
        "next_batch",
        """
def next_batch(last, seconds):
    return max(1, min(round(last * 0.01 / seconds), 2 * last, 100))
""",
        r"✗ as many as fit into a hundredth of a second: expected 10 from `next_batch\(100, 0\.095\)`, saw 11",
    ),
    "10_process": Wrong(
        "stop_by",
        """
def stop_by(connection, processors, seconds):
    for processor in processors:
        processor.stopping.set()
        processor.thread.join(seconds)
    return 0
""",
        r"✗ tells all of them before it waits for the first: expected all flags raised .*, saw not all",
    ),
    "11_engines": Wrong(
        "what_happens",
        """
def what_happens(engine, fault):
    if engine.watches and fault == "kill_job":
        return "at once"
    if engine.acknowledges == "first":
        return "done" if fault == "too_long" else "lost"
    return "at once" if engine.connected else "later"
""",
        r"✗ what is acknowledged first is lost: expected 'lost' for Celery, .*, saw 'at once'",
    ),
    "09_queues": Wrong(
        "two_pools",
        """
import math
from fractions import Fraction


def two_pools(first, second, busy):
    def needed(load):
        processors = math.ceil(Fraction(load) / busy)
        return processors + 1 if processors == load > 0 else processors

    one, two = needed(math.prod(first)), needed(math.prod(second))
    return one, two, one + two
""",
        r"✗ one pool for both: expected \(_, _, 1\) from `two_pools\(\(1/10, 1\), \(1/10, 1\), 1/2\)`, saw \(1, 1, 2\)",
    ),
}


def number_of(cells: list[NotebookNode], line: str) -> int:
    """Return which code cell has this line."""
    (number,) = (number for number, cell in enumerate(cells) if line in cell.source.splitlines())
    return number


def solve(notebook: Notebook, picture: Callable[[str], Path], progress: bool) -> None:
    """Solve an exercise by typing, with a mistake and two hints on the way.

    Args:
        notebook: in which nothing is solved.
        picture: where the screenshots go.
        progress: whether to ask for it here, before and after.
    """
    lesson, wrong = notebook.path.stem, MISTAKES[notebook.path.stem]
    calls = {found[1]: cell.source for cell in notebook.stored if (found := CHECK.fullmatch(cell.source))}
    check = number_of(notebook.stored, calls[wrong.exercise])
    stub = max(n for n, cell in enumerate(notebook.stored[:check]) if "raise NotImplementedError" in cell.source)

    notebook.run(0)
    notebook.run(stub)
    assert notebook.run(check).startswith("not solved yet: `")
    below = notebook.add_below(check)
    if progress:
        notebook.write(below, "check.progress()")
        assert f"· {wrong.exercise}" in notebook.run(below)

    notebook.write(stub, wrong.answer)
    notebook.run(stub)
    told = notebook.run(check)
    assert re.search(wrong.line, " ".join(told.split())), told
    assert "Solved" not in told
    (hint,) = HINT.findall(told)
    notebook.write(below, hint)
    for number in (1, 2):
        assert notebook.run(below).startswith(f"hint {number} of ")
    notebook.screenshot_down_to(picture(f"{lesson}_wrong"), below)

    notebook.write(stub, wrong.solution)
    notebook.run(stub)
    *lines, last = notebook.run(check).splitlines()
    assert lines
    assert [line for line in lines if not line.startswith("✓ ")] == []
    assert last == f"Solved: 1 of {len(calls)} in lesson {int(lesson[:2])}."
    if progress:
        notebook.write(below, "check.progress()")
        assert f"✓ {wrong.exercise}" in notebook.run(below)
    notebook.screenshot_down_to(picture(f"{lesson}_solved"), below)


def test_what_is_solved_is_told_on_the_first_page(browser, lab, picture):
    paths = [lab.copy() / f"{name}.ipynb" for name in ("00_start_here", FIRST)]
    progress = number_of(code_cells(paths[0]), "check.progress()")
    with Notebook(browser, lab, paths[0]) as first_page, Notebook(browser, lab, paths[1]) as notebook:
        first_page.run(0)
        assert "lesson 1: 0 of 3 solved   · perform_now " in first_page.run(progress)
        solve(notebook, picture, progress=False)
        assert "lesson 1: 1 of 3 solved   ✓ perform_now   · " in first_page.run(progress)
        first_page.screenshot_down_to(picture("progress"), progress)


def test_a_prediction_is_compared_with_what_happened(browser, lab, picture):
    path = lab.copy() / "01_sync.ipynb"
    worker, choice, compare = (
        number_of(code_cells(path), line)
        for line in (
            "class VeryHeavyService(Worker):",
            'five_calls = predict("1 s", "3 s", "5 s")',
            "five_calls.compare(time_taken)",
        )
    )
    with Notebook(browser, lab, path) as notebook:
        for number in (0, worker, choice):
            notebook.run(number)

        answers = notebook.cell(choice).locator("label", has=notebook.page.get_by_role("radio"))
        chosen = answers.filter(has=notebook.page.get_by_role("radio", checked=True))
        assert answers.all_inner_texts() == ["1 s", "3 s", "5 s"]
        assert chosen.count() == 0
        answers.filter(has_text="3 s").click()
        assert chosen.all_inner_texts() == ["3 s"]
        assert "You said: 3 s. It was: 5 s. ✗\n" in notebook.run(compare)
        notebook.cell(choice).get_by_text("I say:  ○ 1 s  ● 3 s  ○ 5 s").wait_for()  # in place of the buttons
        notebook.run(choice)  # for another try
        answers.filter(has_text="5 s").get_by_role("radio").press("Space")
        assert chosen.all_inner_texts() == ["5 s"]
        assert "You said: 5 s. It was: 5 s. ✓\n" in notebook.run(compare)
        notebook.screenshot_down_to(picture("prediction"), compare)
