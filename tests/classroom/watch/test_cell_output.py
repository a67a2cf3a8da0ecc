"""What a thread prints appears under the cell that gave it the work: seen on the wire of a real kernel."""

import re
import subprocess
import sys
import time

import psutil
import pytest
from real_kernel import Kernel

from luffy_lesson.host.redis_server import RedisServer

SET_UP = """\
import logging, os, queue, threading, time
from luffy_lesson.classroom import Website, WorkerProcess, lesson, stopwatch
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.step3_memory_queue import Luffy, Pool, Processor, Worker, say

class Wait(Worker):
    go = threading.Event()

    def perform(self, name):
        assert Wait.go.wait(30)
        say(f"{name} done")

class Fail(Worker):
    def perform(self, name):
        return name + 1

Luffy.backend = queue.Queue()
"""


def test_the_line_of_a_thread_belongs_to_the_cell_that_started_it(kernel):
    starts = kernel.run("thread = Wait.perform_async('job')")
    later = kernel.run("print('a later cell'); Wait.go.set(); thread.join()")
    assert set(kernel.out) == {starts, later}
    assert re.fullmatch(r"\[Thread-\d+ \(perform_now\)\] job done\n", kernel.out[starts])
    assert kernel.out[later] == "a later cell\n"


def test_lines_of_threads_of_several_cells_are_kept_apart(kernel):
    cells = {name: kernel.run(f"{name} = Wait.perform_async('{name}')") for name in ("one", "two", "three")}
    kernel.run("Wait.go.set(); one.join(); two.join(); three.join()")
    assert set(kernel.out) == set(cells.values())
    for name, cell in cells.items():
        assert kernel.out[cell].endswith(f" {name} done\n")


def test_the_line_of_a_processor_belongs_to_the_last_cell_that_enqueued(kernel):
    kernel.run("pool = Processor.start(2)")
    first = kernel.run("_ = Wait.perform_queue('first')")
    kernel.run("Wait.go.set(); Luffy.backend.join(); Wait.go.clear()")
    second = kernel.run("_ = Wait.perform_queue('second'), Wait.perform_queue('third')")
    kernel.run("Wait.go.set(); Luffy.backend.join()")
    assert sorted(kernel.out) == sorted([first, second])
    assert kernel.out[first].endswith("] first done\n")
    assert sorted(line[14:] for line in kernel.out[second].splitlines()) == ["second done", "third done"]


def test_the_line_of_a_processor_belongs_to_the_cell_that_started_it_when_the_jobs_were_there_before(kernel):
    kernel.run("_ = Wait.perform_queue('job')")
    starts = kernel.run("pool = Processor.start(1)")
    kernel.run("Wait.go.set(); Luffy.backend.join()")
    assert kernel.out == {starts: "[Processor 0] job done\n"}


def test_the_line_of_a_job_that_a_job_enqueued_belongs_to_the_same_cell(kernel):
    kernel.run("""
        class Chain(Worker):
            def perform(self):
                Wait.perform_queue('link')
        pool = Processor.start(1)
    """)
    first = kernel.run("_ = Chain.perform_queue()")
    kernel.run("Wait.go.set(); Luffy.backend.join()")
    assert kernel.out == {first: "[Processor 0] link done\n"}


@pytest.fixture
def later(kernel):
    """A kernel whose backend is that of step 7, with a worker `Visit` that fails in line 6 of its cell."""
    kernel.run("""
        lesson.fresh(7)
        from luffy_lesson import step5_reliable_queue, step7_retries
        class Visit(step7_retries.Worker):
            retries, backoff = 2, staticmethod(lambda tries: 0.05)
            def perform(self, number):
                raise OSError(429)
        class Hello(step7_retries.Worker):
            def perform(self, name):
                say(f"hello {name}")
        Luffy.backend = step7_retries.RedisBackend()
        def until(state, number):
            deadline = time.monotonic() + 15
            while Luffy.backend.sizes()[state] != number or Luffy.backend.sizes()["in flight"]:
                assert time.monotonic() < deadline, Luffy.backend.sizes()
                time.sleep(0.02)
    """)
    kernel.out.clear()
    yield kernel
    kernel.run("lesson.fresh(7)")


def test_each_try_of_a_job_that_fails_is_told_in_one_line_with_its_number(later):
    later.run("pool = step7_retries.Processor.start(1)")
    cell = later.run("_ = Visit.perform_queue(3)")
    later.run("until('dead', 1)")
    assert later.out == {
        cell: "".join(
            f"[Processor 0] ✗ Visit(3) (try {number} of 3) failed in line 6 of its cell: OSError: 429\n"
            for number in (1, 2, 3)
        )
    }
    assert not any(later.err.values())


def test_the_line_of_a_job_for_later_belongs_to_the_cell_that_scheduled_it_and_not_to_the_one_that_waits(later):
    later.run("pool = step7_retries.Processor.start(1)")
    cell = later.run("_ = Hello.perform_in(0.1, 'Ada')")
    later.run("until('scheduled', 0); Luffy.backend.join()")
    assert later.out == {cell: "[Processor 0] hello Ada\n"}


def test_the_line_of_the_keeper_belongs_to_the_same_cell_as_those_of_its_processors(later):
    later.run("""
        gone = step5_reliable_queue.RedisBackend()
        gone.gone_after = -1  # its heart has stopped when it begins to beat
        gone.put(step5_reliable_queue.Message(b'{"worker": "Hello", "args": ["Ada"]}'))
        _ = gone.get(timeout=1)
    """)
    cell = later.run("pool = step7_retries.Processor.start(1)")
    later.run("Luffy.backend.join()")
    assert list(later.out) == [cell]
    left, hello = sorted(later.out[cell].splitlines())
    assert left.startswith("[Keeper] ")
    assert left.endswith("was left behind: the heartbeat of whoever had it is gone")
    assert hello == "[Processor 0] hello Ada"


def test_work_done_in_the_cell_itself_is_printed_there_without_a_label(kernel):
    kernel.run("Wait.go.set()")
    cell = kernel.run("Wait.perform_now('job')")
    assert kernel.out == {cell: "job done\n"}


def test_a_job_that_fails_is_told_in_one_line_under_its_cell(kernel):
    kernel.run("pool = Processor.start(1)")
    cell = kernel.run("_ = Fail.perform_queue('x')")
    kernel.run("Luffy.backend.join()")
    assert list(kernel.out) == [cell]
    (line,) = kernel.out[cell].splitlines()
    assert line.startswith("[Processor 0] ✗ Fail('x') failed in line 15 of its cell: TypeError: ")
    assert not any(kernel.err.values())


def test_a_processor_goes_on_after_a_job_that_failed(kernel):
    kernel.run("pool = Processor.start(1); Wait.go.set()")
    cell = kernel.run("_ = Fail.perform_queue('x'), Wait.perform_queue('next'); Luffy.backend.join()")
    assert kernel.out[cell].splitlines()[1:] == ["[Processor 0] next done"]


def test_importing_the_classroom_again_does_not_wrap_twice(kernel):
    cell = kernel.run("""
        import importlib, sys
        import luffy_lesson.classroom
        from luffy_lesson.classroom import *
        def depth(method):
            return 1 + depth(method.__wrapped__) if hasattr(method, "__wrapped__") else 0
        methods = [Worker.perform_now, Worker.perform_async, Worker.perform_queue, Pool.start]
        print([depth(getattr(method, "__func__", method)) for method in methods])
    """)
    assert kernel.out[cell] == "[1, 1, 1, 1]\n"


def test_who_begins_again_or_reloads_the_classroom_does_not_wrap_twice():
    # In a kernel of its own: what a reload does cannot be undone.
    kernel = Kernel()
    try:
        kernel.run(SET_UP)
        kernel.run("lesson.fresh(3); import importlib, luffy_lesson.classroom as room; _ = importlib.reload(room)")
        kernel.run("lesson.fresh(); Luffy.backend = queue.Queue()")
        cell = kernel.run("pool = Processor.start(1); _ = Fail.perform_queue('x'); Luffy.backend.join()")
        assert kernel.out[cell].count("failed") == 1
    finally:
        kernel.close()


@pytest.mark.parametrize("imports", ["", "import ipykernel.kernelspec; "])
def test_outside_a_notebook_the_log_is_left_alone(environment, imports):
    # nbval imports ipykernel into every pytest; `caplog` of other tests needs the log to propagate.
    program = (
        f"{imports}import logging; from luffy_lesson.classroom import lesson; lesson.fresh(3);"
        "log = logging.getLogger('luffy_lesson'); print(log.propagate, log.handlers)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("Lesson 3: nothing runs, nothing waits.\nTrue []\n", "")


def test_a_kernel_with_everything_running_shuts_down_and_leaves_no_child(tmp_path):
    (tmp_path / "w.py").write_text("from luffy_lesson.step4_redis_queue import Worker\nclass W(Worker): pass\n")
    kernel = Kernel(REDIS_URL=f"{RedisServer().start()}/0")
    try:
        cell = kernel.run(SET_UP + "print(os.getpid())\n")
        process = psutil.Process(int(kernel.out[cell]))
        kernel.run(f"""
            pool = Processor.start(3)
            site = Website()
            worker = WorkerProcess({str(tmp_path / "w.py")!r}, 1)
            thread = threading.Thread(target=site.visit)
            thread.start()
        """)
        family = [process, *process.children(recursive=True)]
        assert len(family) > 1
        kernel.manager.shutdown_wait_time = 30  # after that it would be killed, and this test would not notice
        start = time.monotonic()
        kernel.manager.shutdown_kernel(now=False)
        assert time.monotonic() - start < 10
        assert psutil.wait_procs(family, timeout=10)[1] == []
    finally:
        kernel.close()
