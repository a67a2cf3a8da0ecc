"""What happens in a worker process is told here, up to the moment in which it is killed."""

import os
import threading

import pytest

from luffy_lesson import step8_fast_queue
from luffy_lesson.classroom import WorkerProcess, lesson, record
from luffy_lesson.classroom.watch import elsewhere
from luffy_lesson.classroom.watch.elsewhere import Teller, taken_out
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.events import Began, Ended
from luffy_lesson.step5_reliable_queue import Luffy, Processor, RedisBackend, Worker

QUICK = {"beat_every": 0.1, "gone_after": 0.5}


def test_a_kill_in_one_process_and_the_recovery_in_another_are_one_journey(databases, file, printed, join, registry):
    lesson.fresh(5)
    Luffy.backend = RedisBackend(**QUICK)
    with record() as board:
        process = WorkerProcess(file, 1, step=5, watched=True, **QUICK)
        databases[1].lpush("luffy:queue", '{"worker": "Wait", "args": []}')
        said = printed("began\n")
        process.kill()
        type("Wait", (Worker,), {"perform": lambda self: None, "__module__": "__main__"})
        pool = Processor.start(1)
        join(Luffy.backend)
        pool.stop(timeout=10)
    assert "\x1e" not in said
    journey = board.journey()
    assert journey.step == 5
    (job,) = journey.jobs
    moves = [(move.state, move.process, move.processor) for move in job.moves]
    assert moves == [
        ("in hand", "process 1", "Processor 0"),  # nobody saw it come: it was pushed from outside
        ("left behind", "process 1", "Processor 0"),
        ("waiting", "", ""),
        ("in hand", "", "Processor 0"),
        ("done", "", "Processor 0"),
    ]
    times = [move.at for move in job.moves]
    assert times == sorted(times)
    assert times[2] - times[1] < 10  # by the same clock
    whats = [entry.what for entry in journey.moments]
    assert whats == ["ready", "fetched", "killed", "put back", "fetched", "done"]


STUCK = """
import threading
from luffy_lesson.step8_fast_queue import Luffy, Worker, say

class Stuck(Worker):
    def perform(self, number):
        if Luffy.backend.prefetched():
            say("stuck")
            threading.Event().wait()
"""


def test_what_a_killed_process_has_prefetched_is_followed_to_its_end_in_another(
    databases, tmp_path, printed, join, registry
):
    path = tmp_path / "stuck_workers.py"
    path.write_text(STUCK)
    lesson.fresh(5)
    Luffy.backend = step8_fast_queue.RedisBackend(**QUICK)
    stuck = type("Stuck", (step8_fast_queue.Worker,), {"perform": lambda self, number: None, "__module__": "__main__"})
    with record() as board:
        stuck.perform_bulk([[number] for number in range(200)])
        process = WorkerProcess(str(path), 1, step=8, watched=True, **QUICK)
        printed("stuck\n")
        process.kill()
        pool = step8_fast_queue.Processor.start(1)
        join(Luffy.backend)
        pool.stop(timeout=10)
    journey = board.journey()
    assert journey.scene(journey.end).counts() == {"done": 200}
    (killed,) = [entry.at for entry in journey.moments if entry.what == "killed"]
    left = [token.number for token in journey.scene(killed).tokens if token.now.state == "left behind"]
    assert len(left) > 1
    ways = {tuple(move.state for move in journey.jobs[number - 1].moves) for number in left}
    stuck_one = ("waiting", "prefetched", "in hand", "left behind", "waiting", "in hand", "done")
    assert {way[:-2] for way in ways} <= {stuck_one[:-2], ("waiting", "prefetched", "left behind", "waiting")}
    assert {way[-2:] for way in ways} == {stuck_one[-2:]}  # what was left behind is taken alone


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        (b"no entry\n", b"no entry\n"),
        (b'one\n\x1e{"at": 1, "what": "done"}\ntwo\n', b"one\ntwo\n"),
        (b'half a \x1e{"at": 1, "what": "done"}\nline\n', b"half a line\n"),
        (b"\x1enot one\n", b"\x1enot one\n"),
        (b'\x1e{"at": 1, "wh', b'\x1e{"at": 1, "wh'),
    ],
)
def test_entries_are_taken_out_of_what_a_process_prints_and_nothing_else(printed, left):
    entries = []
    assert taken_out(printed, entries.append) == left
    assert entries == [Entry(1, "done")] * (b"done" in printed)


def test_what_happens_is_written_at_once_and_no_job_is_harmed_when_nobody_reads(monkeypatch):
    ours, theirs = os.pipe()
    monkeypatch.setattr(elsewhere, "STDOUT", theirs)
    tell = Teller().tell
    with os.fdopen(ours, "rb") as pipe:
        tell(Began(threading.main_thread(), "ż" * 300, None, None, 1.0))
        entry = Entry(1.0, "called", "ż" * 300, processor="main thread")
        assert pipe.readline() == b"\x1e" + entry.line().encode() + b"\n"
    tell(Ended(threading.main_thread(), None, 2.0))
    os.close(theirs)
    tell(Ended(threading.main_thread(), None, 3.0))
