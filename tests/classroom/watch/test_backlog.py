"""How long a job has waited is known for each that was put in the queue here, and for no other."""

import itertools
import queue
import time

import pytest
import redis
from jobs import Echo, of, waits

from luffy_lesson import step4_redis_queue
from luffy_lesson.classroom.watch import backlog as backlog_module
from luffy_lesson.classroom.watch import hooks
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.events import Began, Ended, Queued
from luffy_lesson.step3_memory_queue import Luffy
from luffy_lesson.step4_redis_queue import RedisBackend


def test_equal_jobs_are_matched_first_in_first_out(told, one_processor, monkeypatch):
    clock = itertools.count()
    Luffy.backend = queue.Queue()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: float(next(clock)))
        for job in ("a", "b", "a", "a"):
            Echo.perform_queue(job)
    puts = [event.at for event in of(Queued, told)]
    one_processor()
    assert [(event.job, event.queued) for event in of(Began, told)] == [
        (f"Echo('{job}')", at) for job, at in zip("abaa", puts, strict=True)
    ]
    assert not backlog.expects()


def test_jobs_in_redis_are_matched_too_also_when_each_finds_the_queue_empty(redis_url, registry, told, eventually):
    worker = type("Sent", (step4_redis_queue.Worker,), {"perform": lambda self, number: None, "__module__": "__main__"})
    Luffy.backend = RedisBackend()
    step4_redis_queue.Processor.start(2)
    for number in range(50):
        worker.perform_queue(number % 3)
    eventually(lambda: len(of(Ended, told)) == 50)
    assert [job for job, waited in waits(told) if waited is None] == []


def test_jobs_that_another_process_has_taken_are_forgotten(redis_url, registry, monkeypatch):
    worker = type("Sent", (step4_redis_queue.Worker,), {"perform": lambda self: None, "__module__": "__main__"})
    Luffy.backend = RedisBackend()
    monkeypatch.setattr(backlog_module, "BEGUN_WITHIN", 0)
    with redis.Redis.from_url(redis_url) as other:
        for _ in range(3):
            worker.perform_queue()
            assert other.rpop("luffy:queue")
    assert backlog.remembered == 2  # the last, and the one before, which may be about to be begun
    backlog.empty(Luffy.backend, time.monotonic())
    backlog.empty(Luffy.backend, time.monotonic())
    assert not backlog.expects()


def test_a_job_that_was_taken_and_not_begun_yet_is_not_forgotten():
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    job = Luffy.backend.get()
    now = time.monotonic()
    for at in (now, now + 0.2, now + 0.9):
        backlog.empty(Luffy.backend, at)
    assert backlog.expects()
    assert backlog.taken(str(job)) is not None


def test_that_another_queue_is_empty_says_nothing():
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    now = time.monotonic()
    for seconds in range(1, 9):
        backlog.empty(queue.Queue(), now + 2 * seconds)
    assert backlog.expects()


def test_jobs_that_were_left_in_an_earlier_queue_are_forgotten(told, one_processor):
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    left = told[-1].at
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    one_processor()
    assert [event.queued > left for event in of(Began, told)] == [True]


def test_a_full_queue_makes_the_caller_wait_and_not_the_job(told, aside, eventually):
    Luffy.backend = queue.Queue(maxsize=1)
    Echo.perform_queue("first")
    blocked = aside(Echo.perform_queue, "second")
    eventually(lambda: backlog.remembered == 2)
    let_in = time.monotonic()
    Luffy.backend.get().perform()
    blocked.result(timeout=10)
    aside(Luffy.backend.get().perform).result(timeout=10)
    assert of(Began, told)[-1].job == "Echo('second')"
    assert of(Began, told)[-1].queued >= let_in


def test_a_job_that_could_not_be_put_is_not_expected():
    class Full(queue.Queue):
        def put(self, job):
            raise queue.Full

    Luffy.backend = Full()
    with pytest.raises(queue.Full):
        Echo.perform_queue()
    assert not backlog.expects()


def test_without_a_backend_the_step_says_so():
    with pytest.raises(RuntimeError, match="nowhere to wait"):
        Echo.perform_queue()
    assert not backlog.expects()


def test_of_a_hundred_thousand_jobs_at_most_it_is_remembered_since_when(monkeypatch):
    assert backlog_module.REMEMBERED == 100_000
    monkeypatch.setattr(backlog_module, "REMEMBERED", 10)
    Luffy.backend = queue.Queue()
    for number in range(35):
        Echo.perform_queue(number)
        assert backlog.remembered <= 10
    assert backlog.taken("Echo(34)")


def test_of_more_jobs_at_once_than_are_remembered_the_first_are(sent, monkeypatch):
    monkeypatch.setattr(backlog_module, "REMEMBERED", 10)
    monkeypatch.setattr(hooks, "AT_ONCE", 9)
    sent.perform_queue()
    for number, remembered in ((9, 10), (5, 5), (5, 10), (35, 9)):
        sent.perform_bulk([argument] for argument in range(number))
        assert backlog.remembered == remembered
    assert all(backlog.taken(f"Sent({number})") for number in range(9))
    assert not backlog.expects()
