"""An error in a notebook is a sentence, and the learner's own line: as it is on the wire."""

import re

import pytest
from real_kernel import Kernel

SET_UP = """\
import os, queue, time
from luffy_lesson.classroom import lesson
from luffy_lesson.step4_redis_queue import Luffy, Processor, RedisBackend, Worker

class Sleep(Worker):
    def perform(self, seconds):
        time.sleep(seconds)

lesson.fresh(3)
Luffy.backend = queue.Queue()
"""


@pytest.fixture
def kernel(one_kernel: Kernel) -> Kernel:
    one_kernel.run("lesson.fresh(3); Luffy.backend = queue.Queue()")
    return one_kernel


def shown(kernel: Kernel, source: str, name: str) -> tuple[list[str], str]:
    """Return the lines that are marked in the traceback of a cell, and its last line."""
    kernel.messages.clear()
    kernel.wait(kernel.begin(source), name)
    return told(kernel)


def told(kernel: Kernel) -> tuple[list[str], str]:
    """Return the same of the cell that has run."""
    (error,) = [message["content"] for message in kernel.messages if message["msg_type"] == "error"]
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    return re.findall(r"^-+> \d+ +(.*)", text, re.MULTILINE), text.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "Sleep.perform_queue(seconds=3)",
            "TypeError: Sleep.perform_queue takes arguments without names, so leave out",
        ),
        ("Sleep.perform_now(seconds=3)", "TypeError: Sleep.perform_now takes arguments without names, so leave out"),
        ("Processor.start(0)", "ValueError: A pool needs at least one processor, not 0."),
        ("RedisBackend(3)", "TypeError: A backend takes a client of the class redis.Redis"),
    ],
)
def test_it_is_the_learners_own_line_and_nothing_of_the_course(kernel, line, says):
    marked, last = shown(kernel, f"\n{line}\n", says.partition(":")[0])
    assert marked == [line]
    assert last.startswith(says)


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        ("queue.Queue", "TypeError: `Luffy.backend` is a class. Brackets make a backend of it: `Queue()`."),
        ("queue.SimpleQueue()", "is no backend: it has no task_done, join."),
    ],
)
@pytest.mark.parametrize("line", ["Sleep.perform_queue(3)", "Processor.start(3)"])
def test_a_backend_that_is_none_is_refused_when_it_is_used_first(kernel, line, backend, says):
    marked, last = shown(kernel, f"Luffy.backend = {backend}\n{line}", "TypeError")
    assert marked == [line]
    assert last.endswith(says)


@pytest.mark.parametrize(("url", "name"), [("redis:/localhost", "ValueError"), ("redis://localhost:1", "RedisError")])
@pytest.mark.parametrize("line", ["RedisBackend()", "lesson.fresh(4)"])
def test_an_address_that_is_no_good_is_a_sentence_and_no_page(kernel, line, url, name):
    marked, last = shown(kernel, f"os.environ['REDIS_URL'] = {url!r}\n{line}", name)
    kernel.run("del os.environ['REDIS_URL']")
    assert marked == [line]
    assert "REDIS_URL" in last


def test_a_job_that_raises_shows_the_line_that_calls_it_and_its_own(kernel):
    marked, last = shown(kernel, "Sleep.perform_now(-1)", "ValueError")
    assert marked == ["Sleep.perform_now(-1)", "time.sleep(seconds)"]
    assert last == "ValueError: sleep length must be non-negative"


WAITS = """
import sys, threading, time, traceback

def tell(main=threading.main_thread().ident):
    while "join" not in {frame.f_code.co_name for frame, _ in traceback.walk_stack(sys._current_frames()[main])}:
        time.sleep(0.01)
    print("it waits", flush=True)

threading.Thread(target=tell).start()
Sleep.perform_queue(1)
Luffy.backend.join()
"""


def test_an_interrupt_shows_the_line_that_waited(kernel):
    kernel.messages.clear()
    cell = kernel.begin(WAITS)
    kernel.read_until(lambda message: message["msg_type"] == "stream")
    kernel.manager.interrupt_kernel()
    kernel.wait(cell, "KeyboardInterrupt")
    assert told(kernel)[0] == ["Luffy.backend.join()"]


def test_an_error_that_is_not_of_the_course_is_shown_as_always(kernel):
    marked, _ = shown(kernel, "import json\njson.loads('x')", "JSONDecodeError")
    assert marked[0] == "json.loads('x')"
    assert len(marked) > 1
    assert shown(kernel, "x = 1 +", "SyntaxError")[1] == "SyntaxError: invalid syntax"


def test_what_was_left_out_can_still_be_seen(kernel):
    shown(
        kernel,
        "try:\n    RedisBackend(3)\nexcept TypeError as error:\n    kept = error\nProcessor.start(0)",
        "ValueError",
    )
    cell = kernel.run("import traceback; print(len(traceback.extract_tb(kept.__traceback__)))")
    assert int(kernel.out[cell]) > 2
