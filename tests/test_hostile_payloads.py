"""Whatever anybody pushes to the queue is done, or it is dead with its bytes as they were; nothing else is run.

Only a job for a worker that is not known here is tried again: another process may know it.
"""

import json
import logging
import os
import subprocess
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reliable import steps

from luffy_lesson.step7_retries import Luffy, Processor, Worker, fields, noted

pytestmark = [pytest.mark.usefixtures("registry"), steps(7)]
hostile = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def backend(redis_url, system):
    """A backend of a step: of two queues, where there may be several."""
    queues = {"queues": ["high", "low"]} if hasattr(system.RedisBackend, "key_of") else {}
    Luffy.backend = system.RedisBackend(**queues)
    return Luffy.backend


@pytest.fixture
def key(backend):
    """The key of the queue that payloads are pushed to."""
    return "luffy:queues:low" if hasattr(backend, "queues") else "luffy:queue"


@pytest.fixture(autouse=True)
def note(done, registry):
    """The one worker that there is."""

    class Note(Worker):
        def perform(self, *args):
            done.append(args)

        def secret(self, *args):
            raise AssertionError("nobody asked for this")

    return Note


@pytest.fixture(autouse=True)
def no_commands(monkeypatch, backend):
    """Whoever starts a program fails the test."""
    called = []
    for module, name in ((os, "system"), (os, "popen"), (subprocess, "Popen")):
        monkeypatch.setattr(module, name, lambda *args, **options: called.append(args))
    yield
    assert called == []


@pytest.fixture
def push(backend, key, raw, done, caplog):
    """Push a payload and then a good job, let a processor do them, and return what was done before the good one.

    What was not done must be in the log, and dead, byte for byte; or tried again, if it is for somebody else. With step
    9, it may have expired, too; and what is dead, or tried again, goes home to the queue where it was.
    """

    def push(payload):
        done.clear()
        caplog.clear()
        raw.delete("luffy:queue:dead", "luffy:queue:retry", "luffy:queue:expired")
        raw.lpush(key, payload, b'{"worker": "Note", "args": ["good"]}')
        processor = Processor(0, backend)
        processor.leaving = lambda: not backend.qsize()
        processor.run()
        records = list(caplog.records)
        caplog.clear()  # too long to show
        assert done.pop() == ("good",)
        places = {place: size for place, size in backend.sizes().items() if size}
        if hasattr(backend, "queues") and late(payload):
            assert backend.expired() == 1
            assert (done, places) == ([], {})
        elif not done:
            for kept in (*raw.zrange("luffy:queue:dead", 0, -1), *raw.zrange("luffy:queue:retry", 0, -1)):
                assert key == "luffy:queue" or backend.goes_to(kept) == key
            if places == {"retrying": 1}:
                ((seconds, later),) = backend.retrying()
                notes = ("id", "failure", "queue", "enqueued_at")
                own = {name: value for name, value in fields(later.payload).items() if name in notes}
                assert fields(later.payload) == fields(noted(payload, **own))
                assert own["failure"]["error"] == "LookupError"
                assert 14 < seconds < 400_000
            else:
                assert places == {"dead": 1}
                (dead,) = backend.dead()
                assert dead.job.payload == payload
                assert dead.failure["tries"] >= 1
            (record,) = records
            assert payload.decode(errors="replace") in record.getMessage()
            assert (record.levelno, record.exc_info[0] is None) == (logging.ERROR, False)
        assert not done or places == {}
        return done

    return push


def read(payload):
    """What a payload says, by a reading of the tests' own."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def job_for_note(payload):
    """Whether a payload is a job for `Note`."""
    return read(payload).get("worker") == "Note" and isinstance(read(payload).get("args"), list)


def late(payload):
    """Whether a payload says that it has expired."""
    end = read(payload).get("expires_at")
    return isinstance(end, int | float) and not isinstance(end, bool) and 0 < end < time.time()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        "Note",
        "note",
        "Worker",
        "os.system",
        "subprocess.Popen",
        "builtins.eval",
        "__class__",
        "Note.secret",
        "Note.perform",
        "",
        "Note\x00",
        " Note",
        "%s",
        "{0.__class__}",
        "../Note",
        "luffy_lesson.step7_retries.Worker",
    ]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "worker": NAMES | JSON,
        "args": st.lists(JSON, max_size=3) | JSON,
        "id": JSON,
        "crashes": JSON,
        "failure": JSON | st.dictionaries(st.sampled_from(["error", "message", "at", "tries"]), JSON),
        "__class__": JSON,
        "__reduce__": JSON,
        "py/object": NAMES,
        "perform": NAMES,
        "unread": JSON,
        "retries": JSON,
        "queue": JSON | st.sampled_from(["low", "high", "queue:dead", "../dead"]),
        "enqueued_at": JSON,
        "expires_at": JSON | st.just(1e12),
        "unique_for": JSON | st.just(5),
    },
)


@hostile
@given(payload=st.binary(max_size=200))
@example(payload=b"")
@example(payload=b"\x00")
@example(payload=b"\xff\xfe{")
@example(payload=b"\xef\xbb\xbf{}")
@example(payload='{"worker": "Note", "args": 3}'.encode("utf-16"))
def test_any_bytes_are_dead_byte_for_byte(push, payload):
    assert push(payload) == []


@hostile
@given(given=FIELDS, ascii=st.booleans(), separators=st.sampled_from([(",", ":"), (", ", " :  ")]))
@example(given={"worker": "os.system", "args": ["true"]}, ascii=True, separators=(",", ":"))
@example(given={"worker": "Note.secret", "args": []}, ascii=True, separators=(",", ":"))
@example(given={"worker": "Note", "args": {"__class__": "os.system"}}, ascii=True, separators=(",", ":"))
@example(given={"__class__": "Note", "worker": "Unheard", "args": []}, ascii=True, separators=(",", ":"))
@example(given={"unread": "{}", "id": 1}, ascii=True, separators=(",", ":"))
@example(given={"worker": "Note", "args": [], "expires_at": 1}, ascii=True, separators=(",", ":"))
@example(given={"worker": "Note", "args": [], "id": "\ud800", "unique_for": 5}, ascii=True, separators=(",", ":"))
@example(given={"worker": "Unheard", "args": [], "queue": "high"}, ascii=True, separators=(",", ":"))
def test_any_fields_are_a_job_for_a_registered_worker_or_dead_or_for_somebody_else(push, key, given, ascii, separators):
    payload = json.dumps(given, ensure_ascii=ascii, separators=separators).encode(errors="surrogatepass")
    to_do = job_for_note(payload) and not (key != "luffy:queue" and late(payload))
    assert (len(push(payload)) == 1) == to_do


@hostile
@given(where=st.integers(0, 60), byte=st.binary(max_size=2), cut=st.integers(0, 3))
@example(where=49, byte=b"\x80", cut=0)  # in a name that nobody asks for
def test_a_damaged_job_is_done_or_dead(push, where, byte, cut):
    good = '{"worker": "Note", "args": ["é", [1.5, null]], "id": "0123"}'.encode()
    payload = good[:where] + byte + good[where + cut :]
    assert (len(push(payload)) == 1) == job_for_note(payload)


LARGE = {
    "a megabyte that is no JSON": b"x" * 1_000_000,
    "a megabyte for nobody": b'{"worker": "Unheard", "args": ["' + b"x" * 1_000_000 + b'"]}',
    "a megabyte of a name": b'{"worker": "' + b"N" * 1_000_000 + b'", "args": []}',
    "a megabyte of fields": json.dumps({str(number): number for number in range(70_000)}).encode(),
    "lists in lists": b"[" * 100_000,
    "lists in lists as arguments": b'{"worker": "Note", "args": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "65 levels as arguments": b'{"worker": "Note", "args": ' + b"[" * 64 + b"]" * 64 + b"}",
    "65 levels where nobody looks": b'{"worker": "Note", "args": [], "a": ' + b'{"a":' * 64 + b"1" + b"}" * 65,
    "65 levels that are said twice": b'{"worker": "Note", "a": ' + b"[" * 64 + b"]" * 64 + b', "a": 1, "args": []}',
    "objects in objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "objects in objects for nobody": b'{"worker": "Unheard", "args": [], "a": ' + b'{"a":' * 400 + b"1" + b"}" * 401,
    "a number too long": b'{"worker": "Note", "args": [' + b"9" * 5000 + b"]}",
    "a megabyte of digits": b"9" * 1_000_000,
}


@pytest.mark.parametrize("payload", LARGE.values(), ids=LARGE)
def test_what_is_large_or_deep_is_not_done(push, payload):
    assert push(payload) == []


DONE = {
    "a megabyte for a worker": (b'{"worker": "Note", "args": ["' + b"x" * 1_000_000 + b'"]}', ("x" * 1_000_000,)),
    "numbers out of range": (
        b'{"worker": "Note", "args": [1e999, -1e999, 1e-999]}',
        (float("inf"), -float("inf"), 0.0),
    ),
    "a long number": (b'{"worker": "Note", "args": [' + b"9" * 4300 + b"]}", (10**4300 - 1,)),
    "fields that are twice": (b'{"worker": "os.system", "args": [1], "worker": "Note", "args": [2]}', (2,)),
    "arguments that look like more": (
        b'{"worker": "Note", "args": [{"__class__": "os.system"}]}',
        ({"__class__": "os.system"},),
    ),
    "64 levels": (b'{"worker": "Note", "args": ' + b"[" * 63 + b"]" * 63 + b"}", (json.loads("[" * 62 + "]" * 62),)),
    "brackets in a text": (b'{"worker": "Note", "args": ["' + b"[" * 99 + b'\\\\"]}', ("[" * 99 + "\\",)),
    "UTF-16": ('{"worker": "Note", "args": ["é"]}'.encode("utf-16"), ("é",)),
}


@pytest.mark.parametrize(("payload", "args"), DONE.values(), ids=DONE)
def test_what_is_strange_and_yet_a_job_is_done(push, payload, args):
    assert push(payload) == [args]
