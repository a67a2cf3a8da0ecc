"""Every wait of a cell has a bound, and says what it has waited for."""

import queue
import threading

import pytest
from jobs import Echo

from luffy_lesson import step1_sync, step2_threaded, step4_redis_queue, step5_reliable_queue
from luffy_lesson.classroom import wait_for
from luffy_lesson.classroom.watch import bounds
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker


class OwnThread(step1_sync.Worker):
    """As in the exercises of lesson 2: nobody sees this method being called."""

    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        return thread


@pytest.fixture
def soon(monkeypatch):
    """Waits give up soon."""
    monkeypatch.setattr(bounds, "LONGEST", 0.3)


def test_wait_for_returns_as_soon_as_it_is_true():
    asked = iter([False, 0, "", ["a letter"]])
    wait_for(lambda: next(asked), "a letter")
    assert list(asked) == []


def test_wait_for_says_what_did_not_come():
    with pytest.raises(TimeoutError, match=r"^Waited 0\.1 s for a letter in the letterbox, in vain\..*lesson\.fresh"):
        wait_for(lambda: False, "a letter in the letterbox", 0.1)


@pytest.mark.parametrize(
    "make", [queue.Queue, step4_redis_queue.RedisBackend, step5_reliable_queue.RedisBackend], ids=["3", "4", "5"]
)
def test_a_join_without_processors_gives_up_and_says_how_many_jobs_are_left(make, redis_url, registry, soon):
    class Note(step5_reliable_queue.Worker):
        pass

    Luffy.backend = make()
    Note.perform_queue(1)
    Note.perform_queue(2)
    with pytest.raises(TimeoutError, match="for the queue to be empty, in vain: 2 jobs are left, and nobody finishes"):
        Luffy.backend.join()


@pytest.mark.parametrize("make", [queue.Queue, step5_reliable_queue.RedisBackend], ids=["3", "5"])
def test_a_join_goes_on_as_long_as_jobs_are_finished(make, redis_url, soon):
    backend = make()
    job = step5_reliable_queue.Message(b"{}")
    for _ in range(8):
        backend.put(job)

    def finish():
        for _ in range(8):
            never.wait(0.1)
            backend.get()
            backend.task_done()

    never = threading.Event()
    thread = threading.Thread(target=finish)
    thread.start()
    backend.join()
    thread.join()


@pytest.mark.parametrize("base", [step2_threaded.Worker, OwnThread], ids=["step 2's thread", "the learner's own"])
def test_a_join_of_a_thread_gives_up_and_names_the_job(base, soon, gate):
    class Long(base):
        began = threading.Event()

        def perform(self, seconds):
            self.began.set()
            gate.wait(seconds)

    thread = Long.perform_async(30)
    assert Long.began.wait(10)
    with pytest.raises(
        TimeoutError, match=r"^Waited 0\.3 s for Thread-.* to end, which is at work on Long\(30\), in vain\. .*fresh"
    ):
        thread.join()
    thread.join(0.1)  # a time of one's own is kept, and nothing said
    gate.set()
    thread.join()
    assert not thread.is_alive()


def test_a_thread_without_a_job_is_named(soon, gate):
    thread = threading.Thread(target=gate.wait, args=[30], name="of the learner's own")
    thread.start()
    with pytest.raises(TimeoutError, match=r"^Waited 0\.3 s for of the learner's own to end, in vain\."):
        thread.join()
    gate.set()
    thread.join()


def test_who_waits_in_a_thread_waits_as_long_as_it_takes(soon, gate):
    waited_for = threading.Thread(target=gate.wait, args=[30])
    waits = threading.Thread(target=waited_for.join)
    waited_for.start()
    waits.start()
    waits.join(0.6)
    assert waits.is_alive()
    gate.set()
    waits.join()


def test_a_full_queue_without_processors_is_waited_for_and_given_up(soon):
    Luffy.backend = queue.Queue(maxsize=1)
    Echo.perform_queue(1)
    with pytest.raises(TimeoutError, match=r"room in the full queue \(nobody takes a job\), in vain"):
        Echo.perform_queue(2)
    assert Luffy.backend.qsize() == 1


def test_a_stop_does_not_wait_for_a_job_that_does_not_end(soon, gate):
    class Long(Worker):
        began = threading.Event()

        def perform(self):
            self.began.set()
            gate.wait(30)

    Luffy.backend = queue.Queue()
    pool = Processor.start(1)
    Long.perform_queue()
    assert Long.began.wait(10)
    with pytest.raises(TimeoutError, match=r"^Still at work after 0\.3 s: Processor 0$"):
        pool.stop()
    gate.set()
