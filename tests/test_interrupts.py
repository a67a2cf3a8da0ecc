"""■ or Ctrl+C while a cell takes jobs by hand: between any two lines of `get`."""

import json
import linecache
import queue
import random
import sys
import threading

import pytest
from reliable import SYSTEMS

from luffy_lesson.step3_memory_queue import Luffy

pytestmark = pytest.mark.usefixtures("registry")
taking = pytest.mark.parametrize(
    ("system", "settings"),
    [
        pytest.param(SYSTEMS[5], {}, id="step 5"),
        pytest.param(SYSTEMS[8], {}, id="step 8", marks=pytest.mark.every_step),
        pytest.param(SYSTEMS[9], {"queues": ["high", "default", "low"]}, id="three queues"),
    ],
)


def interrupted(function, after):
    """Call a function, and interrupt it after so many lines of the steps. Return whether it came to that."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if "luffy_lesson/step" not in frame.f_code.co_filename:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        # Python does not look for signals between the last line in a `with` and its end.
        if event == "line" and not line.startswith("with "):
            lines += 1
            if lines > after:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    was = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(was)
    return False


def where(raw):
    """Return the numbers of the jobs that wait or are in flight, in order."""
    payloads = [
        payload for key in ["luffy:queue", *raw.keys("luffy:queue:in_flight:*")] for payload in raw.lrange(key, 0, -1)
    ]
    return sorted(json.loads(payload)["args"][0] for payload in payloads)


@taking
@pytest.mark.parametrize("options", [{"timeout": 5}, {"block": False}], ids=str)
def test_who_is_interrupted_with_its_consumer_acknowledges_nothing_that_was_not_performed(
    system, settings, options, redis_url, raw, registry, aside
):
    class Note(system.Worker):
        pass

    def perform_one():
        with consumer:
            performed.append(consumer.get(**options).decode().args[0])
            consumer.task_done()

    each = 9 if settings else 1  # several queues take many lines: one in nine each time, another one next time
    for after in range(random.randrange(each), 1000, each):
        backend = Luffy.backend = system.RedisBackend(**settings)
        consumer, performed = backend.consumer(), []
        for number in range(4):
            Note.perform_queue(number)
        if after % 2:  # one that has taken a job before, too
            perform_one()
        if not interrupted(perform_one, after):
            break
        perform_one()
        getattr(backend, "close", bool)()  # step 8 acknowledges later
        assert performed[-1] not in where(raw), f"interrupted after {after} lines"
        assert {*performed, *where(raw)} == {0, 1, 2, 3}, f"interrupted after {after} lines"
        aside(backend.get, timeout=5).result(timeout=10)  # another thread finds one
        for key in raw.scan_iter("luffy:*"):
            raw.unlink(key)
    assert after > 5


@taking
def test_an_interrupted_get_that_waits_lets_the_others_take(system, settings, redis_url, raw, registry, aside):
    class Note(system.Worker):
        pass

    backend = Luffy.backend = system.RedisBackend(**settings)
    for after in range(1000):
        try:
            if not interrupted(lambda: backend.get(timeout=0.001), after):
                break
        except queue.Empty:
            break
        Note.perform_queue(after)
        taken = aside(lambda: (backend.get(timeout=5), backend.task_done())).result(timeout=10)
        assert taken[0].decode().args == (after,)
    assert after > 5


class Busy:
    """A lock that always says that somebody has it: a push is on its way."""

    def __init__(self):
        self.lock = threading.Lock()

    def locked(self):
        return True

    def __enter__(self):
        return self.lock.__enter__()

    def __exit__(self, *error):
        return self.lock.__exit__(*error)


@pytest.mark.parametrize("busy", [False, True], ids=["alone", "behind another"])
def test_an_interrupted_push_keeps_no_other_from_pushing(busy, redis_url, raw, registry, aside, monkeypatch):
    system = SYSTEMS[8]
    monkeypatch.setattr(system.Carrier, "patience", 0.1)

    class Note(system.Worker):
        pass

    for after in range(1000):
        backend = Luffy.backend = system.RedisBackend()
        if busy:
            backend.carrier.on_its_way = Busy()
        if not interrupted(lambda: Note.perform_queue(0), after):
            break
        for number in (1, 2):
            aside(Note.perform_queue, number).result(timeout=10)
        assert where(raw) in ([0, 1, 2], [1, 2]), f"interrupted after {after} lines"
        raw.unlink(backend.key)
    assert after > 5
