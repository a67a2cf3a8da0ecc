import logging
import os
import queue
import re
import signal
import subprocess
import sys
import threading

import pytest

from luffy_lesson import step4_redis_queue
from luffy_lesson.step3_memory_queue import Job, Luffy, Processor, Worker, say


class VeryHeavyService(Worker):
    def perform(self, seconds):
        say(f"This task loading {seconds} seconds")


class Gated(Worker):
    """A job that waits in mid-job until the test opens the gate."""

    def __init_subclass__(cls):
        cls.begun, cls.gate, cls.done = threading.Semaphore(0), threading.Event(), []

    def perform(self, number):
        self.begun.release()
        assert self.gate.wait(10)
        self.done.append((number, threading.current_thread().name))


@pytest.fixture
def backend():
    Luffy.backend = queue.Queue()
    return Luffy.backend


@pytest.fixture
def gated():
    class Service(Gated):
        pass

    yield Service
    Service.gate.set()


@pytest.fixture
def note(done):
    class Note(Worker):
        def perform(self, number):
            done.append(number)

    return Note


def alive(pool):
    return [processor.thread for processor in pool.processors if processor.thread.is_alive()]


def test_a_processor_labels_the_line_of_its_job(backend, capsys, join):
    assert VeryHeavyService.perform_queue(5) is backend
    assert capsys.readouterr().out == ""
    Processor.start(1)
    join(backend)
    assert capsys.readouterr().out == "[Processor 0] This task loading 5 seconds\n"


def test_a_queue_without_a_backend_says_how_to_set_one():
    with pytest.raises(RuntimeError, match=r"Luffy\.backend = queue\.Queue\(\)"):
        VeryHeavyService.perform_queue(5)
    with pytest.raises(RuntimeError, match=r"Luffy\.backend = queue\.Queue\(\)"):
        Processor.start(5)


@pytest.mark.parametrize("use", [lambda: Worker.perform_queue(1), lambda: Processor.start(1)], ids=["queue", "start"])
@pytest.mark.parametrize(
    ("backend", "says"),
    [
        (queue.Queue, r"^`Luffy.backend` is a class. Brackets make a backend of it: `Queue\(\)`.$"),
        (queue.SimpleQueue(), r"SimpleQueue.* is no backend: it has no task_done, join\.$"),
        ([], r"^\[\] is no backend: it has no put, get, task_done, qsize, join\.$"),
    ],
    ids=["a class", "SimpleQueue", "a list"],
)
def test_a_backend_that_is_none_is_refused_in_a_sentence(use, backend, says):
    Luffy.backend = backend
    with pytest.raises(TypeError, match=says):
        use()


def test_perform_queue_adds_the_job_and_does_not_do_it(backend, note, done):
    note.perform_queue(1)
    assert (done, backend.qsize()) == ([], 1)
    assert str(backend.get()) == "Note(1)"


def test_five_processors_do_five_jobs_at_once(backend, gated, join):
    for number in range(7):
        gated.perform_queue(number)
    Processor.start(5)
    for _ in range(5):
        assert gated.begun.acquire(timeout=10)
    assert not gated.begun.acquire(timeout=0.05)
    assert backend.qsize() == 2
    gated.gate.set()
    join(backend)
    assert sorted(number for number, _ in gated.done) == list(range(7))
    assert {name for _, name in gated.done} == {f"Processor {number}" for number in range(5)}


def test_one_processor_does_the_jobs_in_order(backend, note, done, join):
    Processor.start(1)
    for number in range(20):
        note.perform_queue(number)
    join(backend)
    assert done == list(range(20))


def test_a_job_goes_through_perform_now(backend, join):
    through = []

    class Counts(Worker):
        @classmethod
        def perform_now(cls, *args):
            through.append(args)

    Counts.perform_queue(5, "a")
    Processor.start(1)
    join(backend)
    assert through == [(5, "a")]


@pytest.mark.parametrize("count", [0, -1, "x"])
def test_a_bad_count_is_refused_and_the_earlier_pool_keeps_running(backend, note, done, count, join):
    pool = Processor.start(2)
    with pytest.raises(ValueError, match=f"at least one processor.*{count!r}"):
        Processor.start(count)
    assert len(alive(pool)) == 2
    assert not any(processor.stopping.is_set() for processor in pool.processors)
    note.perform_queue(1)
    join(backend)
    assert done == [1]


def test_without_a_backend_the_earlier_pool_keeps_running(backend, note, done, join):
    Processor.start(1)
    Luffy.backend = None
    with pytest.raises(RuntimeError):
        Processor.start(1)
    Luffy.backend = backend
    note.perform_queue(1)
    join(backend)
    assert done == [1]


@pytest.mark.parametrize("error", [OSError("no website"), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_a_job_that_raises_is_logged_once_and_does_not_end_its_processor(backend, note, done, caplog, error, join):
    class Fails(Worker):
        def perform(self, *args):
            raise error

    Fails.perform_queue(7, "a")
    note.perform_queue(1)
    pool = Processor.start(1)
    join(backend)  # and so task_done has been called for both
    assert done == [1]
    assert len(alive(pool)) == 1
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "Fails(7, 'a') failed"
    assert record.exc_info[1] is error
    assert "in perform\n    raise error" in caplog.text


def test_a_worker_without_perform_fails_like_any_job(backend, note, done, caplog, join):
    Worker.perform_queue()
    note.perform_queue(1)
    Processor.start(1)
    join(backend)
    assert done == [1]
    assert caplog.records[0].exc_info[0] is NotImplementedError


def test_start_again_replaces_the_earlier_pool(backend, note, join):
    names = []

    class Here(Worker):
        def perform(self):
            names.append(threading.current_thread())

    earlier = Processor.start(3)
    later = Processor.start(2)
    assert alive(earlier) == []
    for _ in range(50):
        Here.perform_queue()
    join(backend)
    assert len(names) == 50
    assert set(names) <= set(alive(later))


can_be_shut_down = pytest.mark.skipif(not hasattr(queue, "ShutDown"), reason="a queue can be from Python 3.13 on")


@can_be_shut_down
def test_processors_do_what_waits_and_end_quietly_when_their_queue_is_shut_down(backend, note, done, caplog, join):
    pool = Processor.start(3)
    for number in range(10):
        note.perform_queue(number)
    backend.shutdown()
    for thread in alive(pool):
        thread.join(10)
    assert alive(pool) == []
    join(backend)
    pool.stop(timeout=10)
    assert sorted(done) == list(range(10))
    assert caplog.records == []
    with pytest.raises(queue.ShutDown):
        note.perform_queue(1)


@can_be_shut_down
def test_processors_of_step_4_end_when_their_queue_is_shut_down_too(backend, note, done):
    note.perform_queue(1)
    pool = step4_redis_queue.Processor.start(2)
    backend.shutdown()
    for thread in alive(pool):
        thread.join(10)
    assert (alive(pool), done) == ([], [1])


@can_be_shut_down
def test_a_queue_that_is_shut_down_at_once_is_emptied_and_the_jobs_in_hand_are_finished(backend, gated, caplog, join):
    for number in range(5):
        gated.perform_queue(number)
    pool = Processor.start(2)
    for _ in range(2):
        assert gated.begun.acquire(timeout=10)
    backend.shutdown(immediate=True)
    assert backend.qsize() == 0
    gated.gate.set()
    join(backend)
    for thread in alive(pool):
        thread.join(10)
    assert alive(pool) == []
    pool.stop(timeout=10)
    assert sorted(number for number, _ in gated.done) == [0, 1]
    assert caplog.records == []


def test_a_job_whose_arguments_are_too_deep_to_be_shown_fails_like_any(backend, note, done, join, caplog):
    class Fails(Worker):
        def perform(self, nested):
            raise OSError

    nested = []
    for _ in range(5 * sys.getrecursionlimit()):
        nested = [nested]
    Fails.perform_queue(nested)
    note.perform_queue(1)
    Processor.start(1)
    join(backend)
    assert done == [1]
    assert "Fails([[[[[[[...]]]]]]]) failed" in caplog.text


def test_start_again_waits_for_the_job_in_hand(backend, gated, aside, eventually):
    gated.perform_queue(1)
    earlier = Processor.start(1)
    assert gated.begun.acquire(timeout=10)
    later = aside(Processor.start, 1)
    eventually(earlier.processors[0].stopping.is_set)
    with pytest.raises(TimeoutError):
        later.result(timeout=0.1)
    gated.gate.set()
    assert len(alive(later.result(timeout=10))) == 1
    assert alive(earlier) == []
    assert gated.done == [(1, "Processor 0")]


def test_two_starts_at_once_leave_one_pool(backend, aside):
    pools = [future.result(timeout=20) for future in [aside(Processor.start, 2) for _ in range(3)]]
    assert [pool for pool in pools if alive(pool)] == [Processor.pool]
    assert len(alive(Processor.pool)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself there")
def test_an_interrupted_start_leaves_no_processor_that_takes_jobs(backend, gated, note, done, aside, eventually, join):
    gated.perform_queue(1)
    earlier = Processor.start(1)
    assert gated.begun.acquire(timeout=10)

    def interrupt():
        eventually(earlier.processors[0].stopping.is_set)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell starts what runs in the background with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupted = aside(interrupt)
        with pytest.raises(KeyboardInterrupt):
            Processor.start(1)  # is waiting for the job in hand
        interrupted.result(timeout=10)
    finally:
        signal.signal(signal.SIGINT, before)
    note.perform_queue(2)
    gated.gate.set()
    eventually(lambda: not alive(earlier))
    assert (backend.qsize(), done) == (1, [])
    Processor.start(1)
    join(backend)
    assert done == [2]


def test_processors_keep_the_backend_that_they_were_started_on(backend, note, done, join):
    Processor.start(1)
    Luffy.backend = queue.Queue()
    note.perform_queue("elsewhere")
    for word in ("here", "again"):
        backend.put(Job(note, (word,)))
        join(backend)
    assert (done, Luffy.backend.qsize()) == (["here", "again"], 1)


def test_stop_waits_for_the_job_in_hand_and_leaves_the_others(backend, gated, aside):
    gated.perform_queue(1)
    gated.perform_queue(2)
    pool = Processor.start(1)
    assert gated.begun.acquire(timeout=10)
    stopped = aside(pool.stop)
    with pytest.raises(TimeoutError):
        stopped.result(timeout=0.1)
    gated.gate.set()
    stopped.result(timeout=10)
    assert gated.done == [(1, "Processor 0")]
    assert backend.qsize() == 1
    assert alive(pool) == []


def test_stop_says_after_its_timeout_which_processors_are_still_at_work(backend, gated, eventually):
    gated.perform_queue(1)
    pool = Processor.start(3)
    assert gated.begun.acquire(timeout=10)
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0)
    eventually(lambda: len(alive(pool)) == 1)
    (busy,) = alive(pool)
    with pytest.raises(TimeoutError, match=r"0\.01 s") as raised:
        pool.stop(timeout=0.01)
    assert re.findall(r"Processor \d", str(raised.value)) == [busy.name]
    gated.gate.set()
    pool.stop(timeout=10)
    assert gated.done == [(1, busy.name)]


def test_the_timeout_of_stop_is_for_all_processors_together(backend, gated, monkeypatch):
    for number in range(3):
        gated.perform_queue(number)
    pool = Processor.start(3)
    for _ in range(3):
        assert gated.begun.acquire(timeout=10)
    waits = []
    join = threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", lambda thread, wait: (waits.append(wait), join(thread, wait)))
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0.1)
    monkeypatch.undo()
    assert waits[0] <= 0.1
    assert waits[1:] == [0, 0]


def test_a_second_stop_is_harmless(backend):
    pool = Processor.start(2)
    pool.stop(timeout=10)
    pool.stop(timeout=0)
    pool.stop()
    Processor.start(1)


def test_a_job_can_stop_its_own_pool(backend, note, join):
    stopped = []

    class Last(Worker):
        def perform(self):
            Processor.pool.stop(timeout=10)
            stopped.append(threading.current_thread())

    Last.perform_queue()
    pool = Processor.start(3)
    join(backend)
    note.perform_queue(1)
    for processor in pool.processors:
        processor.thread.join(10)
    assert alive(pool) == []
    assert len(stopped) == 1
    assert backend.qsize() == 1


def test_two_jobs_can_stop_their_pool_at_the_same_moment(backend, join):
    both, raised = threading.Barrier(2), []

    class Last(Worker):
        def perform(self):
            both.wait(10)
            try:
                Processor.pool.stop(timeout=0.5)
            except TimeoutError as error:
                raised.append(error)

    Last.perform_queue()
    Last.perform_queue()
    Processor.start(2)
    join(backend)
    assert raised == []


def test_a_job_can_start_another_pool(backend, note, done, join):
    class Grow(Worker):
        def perform(self):
            Processor.start(2)

    Grow.perform_queue()
    earlier = Processor.start(1)
    join(backend)
    earlier.stop(timeout=10)
    note.perform_queue(1)
    join(backend)
    assert len(alive(Processor.pool)) == 2
    assert done == [1]


def test_an_idle_processor_looks_at_least_twice_a_second_whether_to_stop(note, done, join):
    waits = []

    class Recording(queue.Queue):
        def get(self, block=True, timeout=None):
            waits.append(timeout)
            return super().get(block, timeout)

    Luffy.backend = Recording()
    Processor.start(1)
    note.perform_queue(1)
    join(Luffy.backend)
    assert done == [1]
    assert all(0 < wait < 0.5 for wait in waits)


def test_an_idle_pool_stops_soon(backend):
    pool = Processor.start(5)
    pool.stop(timeout=2)  # it takes 0.2 s; what is promised is 0.5, and a busy machine needs some air
    assert alive(pool) == []


ENDS = """
import queue, threading
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker, say

begun = threading.Event()

class Long(Worker):
    def perform(self):
        begun.set()
        threading.main_thread().join()
        say("finished")

Luffy.backend = queue.Queue()
Long.perform_queue()
Processor.start(3)
begun.wait()
print("the main thread ends")
"""


def test_a_script_with_processors_ends_after_the_job_in_hand_when_its_main_thread_ends(environment):
    ran = subprocess.run(
        [sys.executable, "-c", ENDS],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
    )
    first, second = ran.stdout.splitlines()
    assert first == "the main thread ends"
    assert second in {f"[Processor {number}] finished" for number in range(3)}
    assert ran.returncode == 0


def test_processors_are_not_daemons(backend):
    assert [processor.thread.daemon for processor in Processor.start(3).processors] == [False] * 3
