"""The hooks tell of every job once, whatever the job does; and it never does a job any harm."""

import datetime
import os
import queue
import signal
import sys
import threading
import time

import pytest
from jobs import Echo, Evil, EvilRepr, of, waits

from luffy_lesson import step7_retries, step9_queues
from luffy_lesson.classroom.watch import cell_output, hooks
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.bounds import wait_for
from luffy_lesson.classroom.watch.events import (
    Began,
    Ended,
    GivenBack,
    LeftBehind,
    Prefetched,
    Queued,
    Scheduled,
    SetAside,
    Started,
    events,
)
from luffy_lesson.classroom.watch.labels import last_line, name
from luffy_lesson.step3_memory_queue import Luffy, Worker
from luffy_lesson.step9_queues import Message


def named(payloads):
    return [name(Message(payload)) for payload in payloads]


# every way to perform a job


def test_perform_now_is_told_with_its_thread(told):
    assert Echo.perform_now(1, "x") == (1, "x")
    began, ended = told
    assert (began.thread, began.job, began.queued) == (threading.main_thread(), "Echo(1, 'x')", None)
    assert (ended.thread, ended.error) == (threading.main_thread(), None)
    assert began.at <= ended.at


def test_perform_async_is_told_with_its_thread(told):
    thread = Echo.perform_async(1)
    thread.join()
    assert of(Started, told) == [Started([thread], processors=False)]
    assert [event.thread for event in told if not isinstance(event, Started)] == [thread] * 2


def test_perform_queue_and_the_processors_are_told(told, one_processor):
    Luffy.backend = queue.Queue()
    Echo.perform_queue(1)
    one_processor()
    assert [type(event) for event in told] == [Queued, Started, Began, Ended]
    queued, started, began, ended = told
    assert ([thread.name for thread in started.threads], started.processors) == (["Processor 0"], True)
    assert queued.at == began.queued <= began.at <= ended.at


def test_what_is_scheduled_is_told_with_the_time_when_it_is_due(told, sent):
    before = time.monotonic()
    sent.perform_in(3, "a")
    sent.perform_in(datetime.timedelta(seconds=3), "b")
    sent.perform_at(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3), "c")
    assert [event.job for event in of(Scheduled, told)] == ["Sent('a')", "Sent('b')", "Sent('c')"]
    for event in told:
        assert before <= event.at
        assert event.at + 2.5 < event.due < event.at + 3.5


@pytest.fixture
def mail(redis_url, registry):
    """A worker whose jobs wait in a queue of their own, and a consumer that takes them."""
    Luffy.backend = step9_queues.RedisBackend(queues=["mail"])
    Luffy.backend.batch_lasts = 1000.0
    members = {"perform": lambda self, number: number, "queue": "mail", "__module__": "__main__"}
    return type("Mail", (step9_queues.Worker,), members), Luffy.backend.consumer()


def test_what_comes_in_a_batch_is_told_before_it_is_begun_and_what_goes_back_not_begun(told, mail):
    worker, consumer = mail
    worker.perform_bulk([[number] for number in range(9)])
    told.clear()
    consumer.get()
    while not consumer.prefetched:
        consumer.task_done()
        consumer.get()
    (batch,) = told
    assert (type(batch), batch.thread, batch.queue) == (Prefetched, threading.current_thread(), "mail")
    assert named(batch.payloads) == ["Mail(1)", "Mail(2)"]  # the first came alone, and then twice as many
    consumer.close()
    _, *back = told
    assert [(type(event), named(event.payloads), event.queue) for event in back] == [
        (GivenBack, ["Mail(2)"], "mail"),
        (GivenBack, ["Mail(1)"], "mail"),  # it was in hand
    ]
    assert Luffy.backend.qsize() == 8


def test_who_had_what_goes_back_is_told(told, mail):
    _, nobodys = mail
    pool = step9_queues.Processor.start(2)
    try:
        for processor in pool.processors:
            for consumer in (processor.consumer, *step9_queues.lanes_of(processor.consumer)):
                hooks.given_back(consumer, [b"{}"])
                assert told[-1].processor == processor.thread.name
        hooks.given_back(nobodys, [b"{}"])
        assert told[-1].processor == ""
    finally:
        pool.stop(timeout=10)


def test_a_job_in_hand_that_is_given_back_is_told_and_one_that_came_alone_is_no_batch(told, mail):
    worker, consumer = mail
    worker.perform_queue(1)
    told.clear()
    consumer.get()
    consumer.close()
    (back,) = told
    assert named(back.payloads) == ["Mail(1)"]


def test_the_queue_of_a_job_is_told_wherever_it_comes_from(told, mail):
    worker, consumer = mail
    worker.perform_queue(1)
    worker.perform_in(60, 2)
    worker.perform_now(3)
    Echo.perform_now(4)
    consumer.get()
    Luffy.backend.redis.zrem(Luffy.backend.heartbeats, consumer.key)  # its owner is gone
    Luffy.backend.redis.zadd(Luffy.backend.heartbeats, {consumer.key: 1})
    Luffy.backend.recover()
    queues = [(type(event), event.queue) for event in told if not isinstance(event, Ended)]
    assert queues == [(Queued, "mail"), (Scheduled, "mail"), (Began, "mail"), (Began, ""), (LeftBehind, "mail")]


def test_what_becomes_of_a_job_that_fails_is_told_after_its_end(told, sent, join):
    sent.perform = lambda self, *args: 1 / 0
    for sent.retries, due in ((1, True), (0, False)):
        told.clear()
        sent.perform_queue(1)
        pool = step7_retries.Processor.start(1)
        join(Luffy.backend)
        pool.stop(timeout=10)
        assert [type(event) for event in told] == [Queued, Started, Began, Ended, SetAside]
        began, _, aside = told[2:]
        assert (aside.thread, aside.job, aside.due is not None) == (began.thread, "Sent(1)", due)
    assert told[0].jobs == ["Sent(1)"]


def test_what_was_left_behind_is_told_when_it_is_put_back_and_when_it_is_dead(told, sent):
    backend = Luffy.backend = step7_retries.RedisBackend(gone_after=0.01)
    sent.perform_queue(1)
    told.clear()
    for dead in (False, False, True):
        consumer = backend.consumer()
        consumer.get(timeout=5)
        wait_for(lambda: backend.recover() or told, "the job to be left behind")
        assert told.pop()[:2] == ("Sent(1)", dead)
        assert not told


@pytest.mark.parametrize(("step", "queue"), [(step7_retries, ""), (step9_queues, "mail")])
def test_a_dead_job_that_is_sent_back_or_thrown_away_is_told_if_it_was_still_dead(told, redis_url, step, queue):
    backend = step.RedisBackend()
    for number in range(3):
        payload = f'{{"worker": "Mail", "args": [{number}], "id": "{number}", "queue": "{queue}"}}'
        backend.redis.zadd(backend.dead_set, {payload: backend.now() + number})
    last, middle, first = backend.dead()
    with pytest.raises(TypeError, match=r"^This takes dead jobs, one or many: .* 'no dead job' is none\.$"):
        backend.requeue(first, "no dead job")
    assert told == []
    assert backend.discard(middle) == 1
    assert backend.requeue(first, middle, last) == 2
    assert backend.discard(first, middle) == 0
    assert [(event.job, event.thrown_away, event.queue) for event in told] == [
        ("Mail(1)", True, queue),
        ("Mail(0)", False, queue),
        ("Mail(2)", False, queue),
    ]


@pytest.mark.parametrize(
    ("method", "args"),
    [("perform_now", ()), ("perform_async", ()), ("perform_queue", ()), ("perform_in", (2,)), ("perform_at", (2,))],
)
def test_an_argument_with_a_name_is_refused_and_nothing_is_told(told, method, args, registry):
    class Note(step7_retries.Worker):
        pass

    Luffy.backend = queue.Queue()
    with pytest.raises(TypeError, match=rf"^Note\.{method} takes arguments without names, so leave out `seconds=`: "):
        getattr(Note, method)(*args, seconds=3)
    assert (told, Luffy.backend.qsize()) == ([], 0)


def test_a_job_within_a_job_is_a_part_of_it(told):
    class Outer(Worker):
        def perform(self):
            return Echo.perform_now(1)

    Outer.perform_now()
    assert [event.job for event in of(Began, told)] == ["Outer()"]
    assert len(of(Ended, told)) == 1


def test_a_job_within_a_job_that_fails_does_not_make_it_fail(told):
    class Fails(Worker):
        def perform(self):
            raise KeyError("x")

    class Outer(Worker):
        def perform(self):
            with pytest.raises(KeyError):
                Fails.perform_now()

    Outer.perform_now()
    assert [event.error for event in of(Ended, told)] == [None]


def test_a_worker_with_a_perform_now_of_its_own_is_one_job(told):
    class Retried(Echo):
        @classmethod
        def perform_now(cls, *args):
            return super().perform_now(*args)

    assert Retried.perform_now(1) == (1,)
    assert [event.job for event in of(Began, told)] == ["Retried(1)"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_whatever_a_job_raises_is_raised_and_told(told, error):
    class Fails(Worker):
        def perform(self):
            raise error

    with pytest.raises(type(error)) as raised:
        Fails.perform_now()
    assert raised.value is error
    assert told[-1].error == last_line(error)
    assert events.begun == {}


@pytest.mark.parametrize("error", [SystemExit(3), Evil()], ids=["sys.exit", "an error that cannot be written"])
def test_a_processor_outlives_a_job_that_raises_anything(told, one_processor, error):
    class Fails(Worker):
        def perform(self):
            raise error

    Luffy.backend = queue.Queue()
    Fails.perform_queue()
    Echo.perform_queue()
    one_processor()
    assert [event.error for event in of(Ended, told)] == [last_line(error), None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_job_may_fork(told):
    class Forks(Worker):
        def perform(self):
            child = os.fork()
            if not child:
                os._exit(len(Echo.perform_now(1, 2)))
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert Forks.perform_now() == 2
    assert len(of(Ended, told)) == 1


def test_nobody_is_told_any_more_who_wants_no_more(told):
    events.forget(told.append)
    Echo.perform_now()
    assert told == []


# steps 5 to 7


def test_jobs_that_are_kept_until_they_are_done_are_matched_too(sent, told, join):
    for number in range(3):
        sent.perform_queue(number)
    step7_retries.Processor.start(1)
    join(Luffy.backend)
    assert [event.job for event in of(Began, told)] == ["Sent(0)", "Sent(1)", "Sent(2)"]
    assert [event.queued for event in of(Began, told)] == [event.at for event in of(Queued, told)]
    assert not backlog.expects()


def test_many_jobs_put_at_once_are_told_at_once_and_have_waited_since_then(sent, told, join):
    assert sent.perform_bulk([number] for number in range(3)) == 3  # a generator is read once
    (queued,) = told
    assert queued.number == 3
    step7_retries.Processor.start(1)
    join(Luffy.backend)
    assert [(event.job, event.queued) for event in of(Began, told)] == [(f"Sent({n})", queued.at) for n in range(3)]
    assert not backlog.expects()


def test_many_jobs_of_which_one_cannot_travel_are_not_expected(sent, told):
    for bad in ([[1], ["x", object()]], [[1], 5], [[1], "text"]):
        with pytest.raises(TypeError):
            sent.perform_bulk(bad)
    assert not backlog.expects()
    assert told == []
    assert sent.perform_bulk([]) == 0
    assert not backlog.expects()


def test_a_job_for_later_is_not_expected_now_and_nobody_knows_how_long_it_waited(sent, told, eventually):
    assert sent.perform_in(0, "in") == 1
    assert sent.perform_at(datetime.datetime.now(datetime.UTC), "at") == 2
    assert not backlog.expects()
    step7_retries.Processor.start(1)
    eventually(lambda: len(of(Ended, told)) == 2)
    assert sorted(waits(told)) == [("Sent('at')", None), ("Sent('in')", None)]


def test_each_try_is_told_and_only_of_the_first_it_is_known_how_long_it_waited(sent, told, eventually, monkeypatch):
    def perform(self):
        raise ValueError("no")

    sent.perform, sent.retries, sent.backoff = perform, 2, staticmethod(lambda tries: 0)
    sent.perform_queue()
    step7_retries.Processor.start(1)
    eventually(lambda: Luffy.backend.sizes()["dead"])
    assert [event.error for event in of(Ended, told)] == ["ValueError: no"] * 3
    assert [event.queued is None for event in of(Began, told)] == [False, True, True]


@pytest.mark.parametrize("make", ["perform_in", "perform_at", "perform_bulk", "perform_queue"])
def test_every_way_to_give_jobs_makes_the_running_cell_the_owner_of_the_lines(sent, make, monkeypatch):
    claims = []
    monkeypatch.setattr(cell_output.owner, "claim", lambda: claims.append(make))
    now = datetime.datetime.now(datetime.UTC)
    arguments = {"perform_in": [60], "perform_at": [now], "perform_bulk": [[[1], [2]]], "perform_queue": []}
    getattr(sent, make)(*arguments[make])
    assert claims == [make]


def test_the_wrapping_can_be_taken_off_and_put_on_again_without_a_trace():
    def depth(method):
        return 1 + depth(method.__wrapped__) if hasattr(method, "__wrapped__") else 0

    def depths():
        methods = [vars(place)[name] for place, name in hooks.PLACES]
        return [depth(getattr(method, "__func__", method)) for method in methods]

    places = len(hooks.PLACES)
    assert depths() == [1] * places
    try:
        for _ in range(2):
            hooks.uninstall()
            assert depths() == [0] * places
    finally:
        for _ in range(2):
            hooks.install()
    assert depths() == [1] * places


def test_a_job_whose_arguments_cannot_be_written_is_performed(told):
    class array:
        pass

    for argument in (EvilRepr(), array()):
        assert Echo.perform_now(argument) == (argument,)
    assert [event.job[:5] for event in of(Began, told)] == ["Echo("] * 2


# at once


def test_of_many_jobs_at_once_each_is_told_once(told):
    def perform(number):
        for step in range(200):
            Echo.perform_now(number, step)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=perform, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert sorted(event.job for event in of(Began, told)) == sorted(
        f"Echo({number}, {step})" for number in range(8) for step in range(200)
    )
    for thread in threads:
        own = [type(event) for event in told if event.thread is thread]
        assert own == [Began, Ended] * 200


def test_a_job_is_taken_and_told_to_be_in_hand_at_once(monkeypatch, one_processor):
    """A board asks whether a job is expected, then whether one is in hand: at no moment it is neither."""

    class Lock:
        def __init__(self):
            self.lock, self.depth, self.times = threading.RLock(), 0, 0

        def __enter__(self):
            self.lock.acquire()
            self.depth, self.times = self.depth + 1, self.times + (self.depth == 0)

        def __exit__(self, *_):
            self.depth -= 1
            self.lock.release()

    def note(event):
        if not isinstance(event, Queued | Started | Ended):
            moments.append((lock.depth > 0, lock.times))

    def take(job):
        note(job)
        return taken(job)

    lock, taken, moments = Lock(), backlog.taken, []
    monkeypatch.setattr(backlog, "lock", lock)
    monkeypatch.setattr(backlog, "taken", take)
    events.listen(note)
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    one_processor()
    events.forget(note)
    took, told = moments
    assert took == told
    assert took[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself there")
def test_an_interrupted_job_is_over(told):
    class Interrupted(Worker):
        def perform(self):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(30)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Interrupted.perform_now()
    finally:
        signal.signal(signal.SIGINT, before)
    assert told[-1].error == "KeyboardInterrupt"
    assert events.begun == {}
