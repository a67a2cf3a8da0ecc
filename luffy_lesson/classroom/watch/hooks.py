"""The few methods that every job passes through, wrapped once, from outside. The steps know nothing of it."""

import functools
import inspect
import queue
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from luffy_lesson import (
    step1_sync,
    step2_threaded,
    step3_memory_queue,
    step4_redis_queue,
    step5_reliable_queue,
    step6_schedule,
    step7_retries,
    step8_fast_queue,
    step9_queues,
)
from luffy_lesson.classroom.watch import bounds, labels, pools
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.classroom.watch.events import (
    Began,
    Ended,
    GivenBack,
    LeftBehind,
    NoLongerDead,
    Prefetched,
    Scheduled,
    SetAside,
    Started,
    events,
)
from luffy_lesson.classroom.watch.labels import expected, label, last_line, queue_in, queue_of
from luffy_lesson.step11_engines import engine

AT_ONCE = 10_000
"""Of how many jobs that are put in the queue in one go it is remembered: to name each takes longer than to put it."""

PLACES: list[tuple[Any, str]] = [
    (step1_sync.Worker, "perform_now"),
    (step2_threaded.Worker, "perform_async"),
    (step3_memory_queue.Worker, "perform_queue"),
    (step3_memory_queue.Pool, "start"),
    (step6_schedule.Worker, "perform_in"),
    (step6_schedule.Worker, "perform_at"),
    (step6_schedule.Worker, "perform_bulk"),
    (step3_memory_queue.Pool, "stop"),
    (queue.Queue, "join"),
    (step4_redis_queue.RedisBackend, "join"),
    (step5_reliable_queue.RedisBackend, "join"),
    (threading.Thread, "join"),
    (step5_reliable_queue.RedisBackend, "left_behind"),
    (step7_retries.Consumer, "carry_out"),
    (engine.Program, "show"),
    (step8_fast_queue.Consumer, "fetched"),
    (step8_fast_queue.Consumer, "give_back"),
    (step5_reliable_queue.Consumer, "give_up"),
    (step7_retries.RedisBackend, "discard"),
    (step7_retries.RedisBackend, "requeue"),
    (step9_queues.RedisBackend, "requeue"),
]
"""What is wrapped."""


def watched(perform_now: Callable[..., Any], worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> Any:
    """Call `perform_now`, and tell when it begins and how it ends. A job within a job is a part of it."""
    __tracebackhide__ = True
    thread = threading.current_thread()
    if thread in events.begun:
        return perform_now(worker, *args)
    job, seconds = label(worker, args), expected(worker, args)
    from_queue = thread is not threading.main_thread() and not hasattr(owner.thread, "job")
    error = None
    try:
        with backlog.lock:  # what is expected no more is told to be in hand
            since = backlog.taken(job) if from_queue else None
            events.begun[thread] = began = Began(thread, job, seconds, since, time.monotonic(), queue_of(worker))
            events.tell(began)
        return perform_now(worker, *args)
    except BaseException as raised:
        error = last_line(raised)
        raise
    finally:
        events.begun.pop(thread, None)
        with backlog.lock:  # told in the order of their times
            events.tell(Ended(thread, error, time.monotonic()))


def nameless(worker: type[step1_sync.Worker], method: str, named: dict[str, Any]) -> None:
    """Raise TypeError for arguments that were given by name."""
    if named:
        names = ", ".join(f"`{name}=`" for name in named)
        raise TypeError(
            f"{worker.__name__}.{method} takes arguments without names, so leave out {names}: a job is a worker and a "
            "list of arguments, and so it is written in a queue."
        )


def scheduled(worker: type[step1_sync.Worker], args: tuple[Any, ...], seconds: float) -> None:
    """Tell that a job was scheduled, to be done in so many seconds."""
    now = time.monotonic()
    events.tell(Scheduled(now, label(worker, args), now + seconds, queue_of(worker)))


def given_back(consumer: step5_reliable_queue.Consumer, payloads: list[bytes]) -> None:
    """Tell that a consumer has put jobs back, if there are any."""
    if payloads:
        events.tell(GivenBack(payloads, time.monotonic(), taken_from(consumer), pools.processor_of(consumer)))


def taken_from(consumer: step5_reliable_queue.Consumer) -> str:
    """Return from which queue a consumer takes; nothing where it is that of who names none."""
    queue = getattr(consumer, "name", step9_queues.DEFAULT)
    return "" if queue == step9_queues.DEFAULT else queue


def installed() -> bool:
    """Whether the methods are wrapped."""
    return hasattr(step1_sync.Worker.perform_now, "__wrapped__")


def uninstall() -> None:
    """Take the wrapping off, for a process in which nobody watches. A second time does nothing."""
    for place, name in PLACES:
        method = vars(place)[name]
        if isinstance(method, classmethod):
            setattr(place, name, classmethod(inspect.unwrap(method.__func__)))
        else:
            setattr(place, name, inspect.unwrap(method))


def install() -> None:
    """Wrap the methods. A second time does nothing."""
    if installed():
        return
    methods = [vars(place)[name] for place, name in PLACES]
    functions = [getattr(method, "__func__", method) for method in methods]
    perform_now, perform_async, perform_queue, start, perform_in, perform_at, perform_bulk, stop, *rest = functions
    *joins, left_behind, carry_out, show, fetched, give_back, give_up, discard, requeue, requeue_to_its_own = rest

    @functools.wraps(perform_now)
    def seen_now(cls: Any, *args: Any, **named: Any) -> Any:
        __tracebackhide__ = True  # IPython leaves it out when it shows where an error came from
        nameless(cls, "perform_now", named)
        owner.pin(getattr(owner.thread, "cell", owner.cell))
        return watched(perform_now, cls, args)

    @functools.wraps(perform_async)
    def seen_async(cls: Any, *args: Any, **named: Any) -> threading.Thread:
        nameless(cls, "perform_async", named)
        cell = owner.running()

        class Pinned:
            @staticmethod
            def perform_now(*args: Any) -> Any:  # gives the thread its name
                pools.call(threading.current_thread())  # the cell that has started it may be interrupted before it can
                owner.thread.cell, owner.thread.job = cell, label(cls, args)
                return cls.perform_now(*args)

        thread = perform_async(Pinned, *args)
        pools.call(thread)
        events.tell(Started([thread], processors=False))
        return thread  # type: ignore[no-any-return]

    @functools.wraps(perform_queue)
    def seen_queue(cls: Any, *args: Any, **named: Any) -> Any:
        nameless(cls, "perform_queue", named)
        owner.claim()
        backend = step3_memory_queue.Luffy.backend

        def put() -> Any:
            bounds.room(backend)
            return perform_queue(cls, *args)

        return backlog.put([label(cls, args)], backend, put, queue=queue_of(cls))

    @functools.wraps(start)
    def seen_start(pool: step3_memory_queue.Pool) -> step3_memory_queue.Pool:
        owner.claim()
        pools.take(pool)
        events.tell(Started([processor.thread for processor in pool.processors], processors=True))
        return start(pool)  # type: ignore[no-any-return]

    @functools.wraps(perform_in)
    def seen_in(cls: Any, *args: Any, **named: Any) -> Any:
        nameless(cls, "perform_in", named)
        owner.claim()
        answer = perform_in(cls, *args)
        scheduled(cls, args[1:], args[0].total_seconds() if isinstance(args[0], timedelta) else args[0])
        return answer

    @functools.wraps(perform_at)
    def seen_at(cls: Any, *args: Any, **named: Any) -> Any:
        nameless(cls, "perform_at", named)
        owner.claim()
        answer = perform_at(cls, *args)
        scheduled(cls, args[1:], args[0].timestamp() - time.time())
        return answer

    @functools.wraps(perform_bulk)
    def seen_bulk(cls: Any, list_of_args: Any) -> Any:
        owner.claim()
        lists = list(list_of_args)  # some can be read once only
        put = functools.partial(perform_bulk, cls, lists)
        jobs = [label(cls, args) for args in lists[:AT_ONCE]]
        return backlog.put(jobs, step3_memory_queue.Luffy.backend, put, len(lists), queue_of(cls))

    @functools.wraps(stop)
    def seen_stop(pool: step3_memory_queue.Pool, timeout: float | None = None) -> None:
        stop(pool, bounds.LONGEST if timeout is None else timeout)

    @functools.wraps(left_behind)
    def seen_left(backend: Any, in_flight: str, payload: bytes, now: float) -> Any:
        moved = left_behind(backend, in_flight, payload, now)
        if moved:
            job = labels.name(step5_reliable_queue.Message(payload))
            events.tell(LeftBehind(job, backend.after_crash(payload)[1], time.monotonic(), queue_in(payload)))
        return moved

    @functools.wraps(carry_out)
    def seen_verdict(consumer: Any, payload: bytes, verdict: step7_retries.Verdict) -> Any:
        moved = carry_out(consumer, payload, verdict)
        if moved:
            now, job = time.monotonic(), labels.name(step5_reliable_queue.Message(payload))
            due = None if verdict.to == consumer.backend.dead_set else now + verdict.seconds
            events.tell(SetAside(threading.current_thread(), job, due, now))
        return moved

    def seen_join(join: Callable[[Any], None]) -> Callable[[Any], None]:
        return functools.wraps(join)(lambda backend: bounds.join(backend))

    *joins, join_thread = joins

    @functools.wraps(join_thread)
    def seen_join_thread(thread: threading.Thread, timeout: float | None = None) -> None:
        join = functools.partial(join_thread, thread)
        if timeout is None and threading.current_thread() is threading.main_thread():
            began = events.begun.get(thread)
            bounds.join_thread(thread, join, began.job if began else None)
        else:
            join(timeout)

    @functools.wraps(show)
    def seen_line(program: engine.Program, line: str) -> None:
        owner.pin(owner.cell)
        show(program, line)

    @functools.wraps(fetched)
    def seen_fetched(consumer: Any, finished: int, payloads: list[bytes]) -> None:
        fetched(consumer, finished, payloads)
        if len(payloads) > 1:  # one alone is begun at once
            events.tell(Prefetched(threading.current_thread(), payloads, time.monotonic(), taken_from(consumer)))

    @functools.wraps(give_back)
    def seen_back(consumer: Any) -> None:
        held, length = list(consumer.prefetched), consumer.length
        give_back(consumer)
        if not consumer.unsure:  # else the list was another: nothing went back
            given_back(consumer, held[len(held) - (length - consumer.length) :])

    @functools.wraps(give_up)
    def seen_up(consumer: Any) -> None:
        held = list(consumer.taken)
        give_up(consumer)
        given_back(consumer, held)

    def seen_no_longer_dead(method: Callable[..., int], thrown_away: bool) -> Callable[..., int]:
        @functools.wraps(method)
        def seen(backend: Any, *dead: Any) -> int:
            step7_retries.check(dead)
            number = 0
            for one in dead:  # alone, for the answer to many does not say which of them were still dead
                if method(backend, one):
                    number += 1
                    queue = queue_in(one.entry)
                    events.tell(NoLongerDead(labels.name(one.job), thrown_away, time.monotonic(), queue))
            return number

        return seen

    seen: list[Any] = [
        classmethod(seen_now),
        classmethod(seen_async),
        classmethod(seen_queue),
        seen_start,
        classmethod(seen_in),
        classmethod(seen_at),
        classmethod(seen_bulk),
        seen_stop,
        *map(seen_join, joins),
        seen_join_thread,
        seen_left,
        seen_verdict,
        seen_line,
        seen_fetched,
        seen_back,
        seen_up,
        seen_no_longer_dead(discard, thrown_away=True),
        seen_no_longer_dead(requeue, thrown_away=False),
        seen_no_longer_dead(requeue_to_its_own, thrown_away=False),
    ]
    for (place, name), method in zip(PLACES, seen, strict=True):
        setattr(place, name, method)
