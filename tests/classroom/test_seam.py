"""The seam tells of every job once, whatever the job does; and it never does a job any harm."""

import collections
import datetime
import functools
import itertools
import os
import queue
import reprlib
import signal
import sys
import threading

import pytest
import redis

from luffy_lesson import step4_redis_queue, step7_retries
from luffy_lesson.classroom import output
from luffy_lesson.classroom import seam as seam_module
from luffy_lesson.classroom.seam import Began, Ended, Queued, Started, expected, label, last_line, name, seam
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker
from luffy_lesson.step4_redis_queue import RedisBackend

HUGE = 10**5000


class Echo(Worker):
    def perform(self, *args):
        return args


class Evil(Exception):
    def __str__(self):
        raise RuntimeError("no")


class EvilRepr:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.fixture
def told():
    """What the seam tells."""
    events = []
    seam.listen(events.append)
    yield events
    seam.forget(events.append)


@pytest.fixture
def one_processor(join):
    """Let one processor do what waits, and return when it is done."""

    def work():
        Processor.start(1)
        join(Luffy.backend)
        Processor.pool.stop(timeout=10)

    return work


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def waits(events):
    """For how long each job has waited, as (job, seconds); None where nobody saw it come."""
    return [(event.job, event.queued and event.at - event.queued) for event in of(Began, events)]


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
    assert seam.in_hand == {}


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
    seam.forget(told.append)
    Echo.perform_now()
    assert told == []


# how long a job waited


def test_equal_jobs_are_matched_first_in_first_out(told, one_processor, monkeypatch):
    clock = itertools.count()
    Luffy.backend = queue.Queue()
    with monkeypatch.context() as patch:
        patch.setattr(seam_module.time, "monotonic", lambda: float(next(clock)))
        for job in ("a", "b", "a", "a"):
            Echo.perform_queue(job)
    puts = [event.at for event in of(Queued, told)]
    one_processor()
    assert [(event.job, event.queued) for event in of(Began, told)] == [
        (f"Echo('{job}')", at) for job, at in zip("abaa", puts, strict=True)
    ]
    assert not seam.expects()


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
    monkeypatch.setattr(seam_module, "BEGUN_WITHIN", 0)
    with redis.Redis.from_url(redis_url) as other:
        for _ in range(3):
            worker.perform_queue()
            assert other.rpop("luffy:queue")
    assert seam._remembered == 2  # the last, and the one before, which may be about to be begun
    seam.empty(Luffy.backend, seam_module.time.monotonic())
    seam.empty(Luffy.backend, seam_module.time.monotonic())
    assert not seam.expects()


def test_a_job_that_was_taken_and_not_begun_yet_is_not_forgotten():
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    job = Luffy.backend.get()
    now = seam_module.time.monotonic()
    for at in (now, now + 0.2, now + 0.9):
        seam.empty(Luffy.backend, at)
    assert seam.expects()
    assert seam.taken(str(job)) is not None


def test_that_another_queue_is_empty_says_nothing():
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    now = seam_module.time.monotonic()
    for seconds in range(1, 9):
        seam.empty(queue.Queue(), now + 2 * seconds)
    assert seam.expects()


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
    eventually(lambda: seam._remembered == 2)
    let_in = seam_module.time.monotonic()
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
    assert not seam.expects()


def test_without_a_backend_the_step_says_so():
    with pytest.raises(RuntimeError, match="nowhere to wait"):
        Echo.perform_queue()
    assert not seam.expects()


def test_of_a_hundred_thousand_jobs_at_most_it_is_remembered_since_when(monkeypatch):
    assert seam_module.REMEMBERED == 100_000
    monkeypatch.setattr(seam_module, "REMEMBERED", 10)
    Luffy.backend = queue.Queue()
    for number in range(35):
        Echo.perform_queue(number)
        assert seam._remembered == sum(map(len, seam._waiting.values())) <= 10


# steps 5 to 7


@pytest.fixture
def sent(redis_url, registry):
    """A worker of the newest step, whose jobs travel."""
    Luffy.backend = step7_retries.RedisBackend()
    return type(
        "Sent", (step7_retries.Worker,), {"perform": lambda self, *args: None, "retries": 0, "__module__": "__main__"}
    )


def test_jobs_that_are_kept_until_they_are_done_are_matched_too(sent, told, join):
    for number in range(3):
        sent.perform_queue(number)
    step7_retries.Processor.start(1)
    join(Luffy.backend)
    assert [event.job for event in of(Began, told)] == ["Sent(0)", "Sent(1)", "Sent(2)"]
    assert [event.queued for event in of(Began, told)] == [event.at for event in of(Queued, told)]
    assert not seam.expects()


def test_many_jobs_put_at_once_are_told_at_once_and_have_waited_since_then(sent, told, join):
    assert sent.perform_bulk([number] for number in range(3)) == 3  # a generator is read once
    (queued,) = told
    assert queued.number == 3
    step7_retries.Processor.start(1)
    join(Luffy.backend)
    assert [(event.job, event.queued) for event in of(Began, told)] == [(f"Sent({n})", queued.at) for n in range(3)]
    assert not seam.expects()


def test_many_jobs_of_which_one_cannot_travel_are_not_expected(sent, told):
    for bad in ([[1], ["x", object()]], [[1], 5], [[1], "text"]):
        with pytest.raises(TypeError):
            sent.perform_bulk(bad)
    assert not seam.expects()
    assert told == []
    assert sent.perform_bulk([]) == 0
    assert not seam.expects()


def test_of_more_jobs_at_once_than_are_remembered_the_first_are(sent, monkeypatch):
    monkeypatch.setattr(seam_module, "REMEMBERED", 10)
    monkeypatch.setattr(seam_module, "AT_ONCE", 9)
    sent.perform_queue()
    for number, remembered in ((9, 10), (5, 5), (5, 10), (35, 9)):
        sent.perform_bulk([argument] for argument in range(number))
        assert seam._remembered == sum(map(len, seam._waiting.values())) == remembered
    assert list(seam._waiting) == [f"Sent({number})" for number in range(9)]


def test_a_job_for_later_is_not_expected_now_and_nobody_knows_how_long_it_waited(sent, told, eventually):
    assert sent.perform_in(0, "in") == 1
    assert sent.perform_at(datetime.datetime.now(datetime.UTC), "at") == 2
    assert not seam.expects()
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
    monkeypatch.setattr(output.owner, "claim", lambda: claims.append(make))
    now = datetime.datetime.now(datetime.UTC)
    arguments = {"perform_in": [60], "perform_at": [now], "perform_bulk": [[[1], [2]]], "perform_queue": []}
    getattr(sent, make)(*arguments[make])
    assert claims == [make]


def test_the_wrapping_can_be_taken_off_and_put_on_again_without_a_trace():
    def depth(method):
        return 1 + depth(method.__wrapped__) if hasattr(method, "__wrapped__") else 0

    def depths():
        methods = [vars(place)[name] for place, name in seam_module.PLACES]
        return [depth(getattr(method, "__func__", method)) for method in methods]

    places = len(seam_module.PLACES)
    assert depths() == [1] * places
    try:
        for _ in range(2):
            seam_module.uninstall()
            assert depths() == [0] * places
    finally:
        for _ in range(2):
            seam_module.install()
    assert depths() == [1] * places


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ('{"worker": "Theirs", "args": [3, "x"], "id": "1"}', "Theirs(3, 'x')"),
        ('{"worker": "Theirs", "args": {}}', '{"worker": "Theirs", "args": {}}'),
        ("no job", "no job"),
        ("x" * 10**6, "x" * (output.LONGEST - 1) + "…"),
        (f'{{"worker": "Theirs", "args": ["{"x" * 10**6}"]}}', "Theirs('xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
    ],
    ids=["a job", "odd arguments", "no job", "a long one", "long arguments"],
)
def test_a_job_that_is_kept_is_named_also_when_its_worker_is_not_defined_here(payload, says):
    assert name(step7_retries.Message(payload.encode())) == says


# names, times and errors


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "Echo()"),
        ((3, "x"), "Echo(3, 'x')"),
        (("x" * 10**6,), "Echo('xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
        ((HUGE,), f"Echo({reprlib.repr(HUGE)})" if sys.version_info >= (3, 14) else "Echo(…)"),
        (tuple(range(10**5)), f"Echo({', '.join(map(str, range(100)))}"[: output.LONGEST - 1] + "…"),
        ((collections.deque([1]),), "Echo(deque([1]))"),
    ],
    ids=["none", "two", "a long one", "a huge number", "very many", "a deque"],
)
def test_a_job_is_named_by_its_worker_and_its_arguments_in_short(args, says):
    assert label(Echo, args) == says
    assert Echo.perform_now(*args) == args


def test_a_job_whose_arguments_cannot_be_written_is_performed(told):
    class array:
        pass

    for argument in (EvilRepr(), array()):
        assert Echo.perform_now(argument) == (argument,)
    assert [event.job[:5] for event in of(Began, told)] == ["Echo("] * 2


class Says:
    """Workers, each with what it says of its time for the arguments (2, 3)."""

    class Nothing(Worker):
        def perform(self, a, b): ...

    class Second(Worker):
        def perform(self, a, seconds): ...

    class First(Worker):
        def perform(self, seconds, b): ...

    class Default(Worker):
        def perform(self, a, b, seconds=7): ...

    class KeywordOnly(Worker):
        def perform(self, *numbers, seconds=7): ...

    class Static(Worker):
        @staticmethod
        def perform(a, seconds): ...

    class Class(Worker):
        @classmethod
        def perform(cls, a, seconds): ...

    class Attribute(Worker):
        seconds = 0.5

        def perform(self, *args): ...

    class Parameter(Worker):
        seconds = 0.5

        def perform(self, seconds, b): ...

    class Partial(Worker):
        perform = functools.partial(max)

    class NoSignature(Worker):
        perform = type

    class Text(Worker):
        seconds = "soon"

        def perform(self, *args): ...


@pytest.mark.parametrize(
    ("worker", "seconds"),
    [
        (Says.Nothing, None),
        (Says.Second, 3),
        (Says.First, 2),
        (Says.Default, 7),
        (Says.KeywordOnly, 7),
        (Says.Static, 3),
        (Says.Class, 3),
        (Says.Attribute, 0.5),
        (Says.Parameter, 2),
        (Says.Partial, None),
        (Says.NoSignature, None),
        (Says.Text, None),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_worker_may_say_how_long_it_takes(worker, seconds):
    assert expected(worker, (2, 3)) == seconds


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 10**400, "3", None, [3]], ids=str)
def test_what_is_no_time_is_not_believed(seconds):
    assert expected(Says.First, (seconds, 3)) is None
    Says.First.perform_now(seconds, 3)


def test_a_worker_that_is_defined_again_is_asked_again():
    def define(perform):
        return type("Again", (Worker,), {"perform": perform})

    assert expected(define(lambda self, seconds, b: None), (2, 3)) == 2
    assert expected(define(lambda self, a, seconds: None), (2, 3)) == 3


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("no such file"), "ValueError: no such file"),
        (ValueError(), "ValueError"),
        (ValueError("one\ntwo\n\n"), "two"),
        (KeyError("x"), "KeyError: 'x'"),
        (redis.ConnectionError("away"), "ConnectionError: away"),
        (Evil(), "Evil: <exception str() failed>"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("x" * 10**6), f"ValueError: {'x' * 10**6}"[: output.LONGEST - 1] + "…"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_is_told_by_its_last_line(error, says):
    assert last_line(error) == says


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
        held, times, lock = False, 0, threading.Lock()

        def __enter__(self):
            self.lock.acquire()
            self.held, self.times = True, self.times + 1

        def __exit__(self, *_):
            self.held = False
            self.lock.release()

    def note(event):
        if not isinstance(event, Queued | Started | Ended):
            moments.append((lock.held, lock.times))

    def take(job):
        note(job)
        return taken(job)

    lock, taken, moments = Lock(), seam._taken, []
    monkeypatch.setattr(seam, "_remembering", lock)
    monkeypatch.setattr(seam, "_taken", take)
    seam.listen(note)
    Luffy.backend = queue.Queue()
    Echo.perform_queue()
    one_processor()
    seam.forget(note)
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
    assert seam.in_hand == {}
