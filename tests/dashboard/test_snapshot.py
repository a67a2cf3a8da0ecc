"""What a dashboard knows is plain data: short, on one line, and every character can be seen."""

import json
import math
import time

import pytest
from served import busy, dead

from luffy_lesson.dashboard.snapshot import LONGEST, PAGE, act, called, duration, kept, plain, reason, take


def test_an_empty_database(backend):
    now = take(backend)
    assert [(queue.name, queue.length) for queue in now.queues] in ([], [("default", 0)])
    assert now[1:] == ([], 0, 0, 0, 0)


def test_a_process_with_what_it_has_in_hand(backend, register):
    register(
        "ship:1:a", queues={"high": 3.0, "low": 1.0}, busy=[busy("Processor 2", b'{"worker": "Note", "args": [3]}', 70)]
    )
    register("ship:2:b", pid=2, started=time.time(), queues={"high": None, "low": None}, quiet=True)
    one, two = take(backend).processes
    assert (one.name, one.queues, one.processors, one.quiet) == (
        "ship:4711",
        "high \N{MULTIPLICATION SIGN} 3, low \N{MULTIPLICATION SIGN} 1",
        5,
        False,
    )
    assert [(job.job, job.processor, duration(job.seconds)) for job in one.busy] == [
        ("Note(3)", "Processor 2", "1 min 10 s")
    ]
    assert (two.name, two.queues, two.quiet, two.busy) == ("ship:2", "high, then low", True, [])
    assert (take(backend).processors, take(backend).busy) == (10, 1)


def test_jobs_come_in_pages(backend, raw, bury):
    bury(*[dead(number) for number in range(120)])
    later = {json.dumps({"worker": "Note", "args": [n]}): time.time() + 100 + n for n in range(60)}
    raw.zadd("luffy:queue:scheduled", later)
    raw.zadd("luffy:queue:retry", later)
    assert [one.job for one in kept(backend, "dead")] == [f"Note({number})" for number in range(PAGE)]
    assert [one.job for one in kept(backend, "dead", 100)] == [f"Note({number})" for number in range(100, 120)]
    assert [one.job for one in kept(backend, "dead", 119, 5)] == ["Note(119)"]
    for state in ("scheduled", "retrying"):
        assert [one.job for one in kept(backend, state, 50)] == [f"Note({number})" for number in range(50, 60)]
        assert 90 < kept(backend, state)[0].seconds <= 100


def test_a_dead_job_is_retried_or_deleted_wherever_it_is_now(backend, raw, bury):
    bury(*[dead(number) for number in range(120)])
    jobs = {one.job: one.key for first in (0, 50, 100) for one in kept(backend, "dead", first)}
    assert act(backend, "retry", jobs["Note(1)"]) == "Note(1) is back in the queue default."
    assert act(backend, "delete", jobs["Note(110)"], 0) == "Note(110) is deleted."
    assert act(backend, "delete", jobs["Note(60)"], 9950) == "Note(60) is deleted."
    assert raw.zcard("luffy:queue:dead") == 117
    (payload,) = raw.lrange("luffy:queue", 0, -1)
    assert json.loads(payload)["args"] == [1]
    for what in ("retry", "delete"):
        assert act(backend, what, jobs["Note(1)"]).startswith("That job is not among the dead any more")


def test_a_process_is_told_to_be_quiet(backend, raw, register):
    register("ship:1:a")
    (process,) = take(backend).processes
    assert act(backend, "quiet", process.key).startswith("ship:4711 was asked to take no more jobs.")
    assert raw.hgetall("luffy:queue:processes:told") == {b"ship:1:a": b"quiet"}
    raw.delete("luffy:queue:processes")
    assert act(backend, "quiet", process.key) == "That process is not there any more."


STRANGE = {
    "nothing": b"",
    "no text": b"\xff\x00\x80",
    "no object": b"[1]",
    "a name that is none": b'{"worker": 3, "args": []}',
    "a control character": b'{"worker": "\\u001b[31m\\u0000", "args": ["\\u0007"]}',
    "right to left": '{"worker": "\u202egnp.exe", "args": ["\u2066"], "queue": "\u202e"}'.encode(),
    "half a character": b'{"worker": "\\ud800", "args": ["\\udfff"], "queue": "\\ud800"}',
    "lines": b'{"worker": "a\\nb\\u2028c", "args": []}',
    "a megabyte of a name": b'{"worker": "' + b"N" * 2**20 + b'", "args": []}',
    "a megabyte of arguments": b'{"worker": "N", "args": [' + b"9," * 2**19 + b"9]}",
    "a megabyte of a queue": b'{"worker": "N", "args": [], "queue": "' + b"q" * 2**20 + b'"}',
    "a megabyte": b"x" * 2**20,
    "depth": b"[" * 10**5,
    "numbers": b'{"worker": "N", "args": [1e999], "failure": {"at": 1e999, "tries": -1e999}}',
    "long numbers": b'{"worker": "N", "args": [], "failure": {"at": %b, "tries": %b}}' % (b"9" * 4000, b"9" * 4000),
    "a failure that is none": b'{"worker": "N", "args": [], "failure": 3}',
    "a message that is none": b'{"worker": "N", "args": [], "failure": {"message": [1], "error": {}, "tries": "x"}}',
    "a long message": b'{"worker": "N", "args": [], "failure": {"message": "%b"}}' % (b"m" * 2**20),
}


@pytest.mark.parametrize("payload", STRANGE.values(), ids=STRANGE)
def test_what_is_strange_is_shown_short_and_harmless(backend, raw, payload):
    raw.zadd("luffy:queue:dead", {payload: 1.0})
    for state in ("scheduled", "retry"):
        raw.zadd(f"luffy:queue:{state}", {payload: math.inf})
    for state in ("dead", "scheduled", "retrying"):
        (one,) = kept(backend, state)
        for text in (one.job, one.queue, one.error, duration(one.seconds)):
            assert text.isprintable()
            assert len(text) <= 10 * LONGEST
        assert 0 <= one.tries <= 10**9
        assert one.job or not payload
    (one,) = kept(backend, "dead")
    assert " is deleted." in act(backend, "delete", one.key)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-3, "0.0 s"),
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (86400 * 1.5, "1 d 12 h"),
        (86400 * 21, "21 d"),
        (math.inf, "?"),
        (-math.inf, "?"),
        (math.nan, "?"),
    ],
)
def test_a_time_is_told_in_two_units(seconds, says):
    assert duration(seconds) == says


def test_a_job_whose_worker_nobody_knows_is_named_all_the_same():
    assert called(b'{"worker": "Unheard", "args": [1, "two"]}') == "Unheard(1, 'two')"
    assert called(b"hello?") == "hello?"


def test_of_a_failure_the_last_line_is_told():
    assert reason({"message": "  first\nValueError: last \n"}) == "ValueError: last"
    assert reason({}) == reason(None) == reason({"message": ""}) == ""


def test_what_everybody_can_see_stays():
    assert plain("Łódź, 東京, שלום, 😀") == "Łódź, 東京, שלום, 😀"


def test_a_dead_job_goes_home_to_its_queue(backend, raw, bury):
    bury(dead(1, queue="mail"), dead(2, queue="no:queue"))
    assert [one.queue for one in kept(backend, "dead")] == ["mail", "default"]
    assert act(backend, "retry", kept(backend, "dead")[0].key) == "Note(1) is back in the queue mail."
    assert act(backend, "retry", kept(backend, "dead")[0].key) == "Note(2) is back in the queue default."
    assert (raw.llen("luffy:queues:mail"), raw.llen("luffy:queue")) == (1, 1)
