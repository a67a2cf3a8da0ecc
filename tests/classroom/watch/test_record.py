"""What a board knows follows from what is told: events that are made up, so that every moment is known."""

import threading

import pytest

from luffy_lesson.classroom.watch import record as record_module
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.events import (
    Began,
    Elsewhere,
    Ended,
    GivenBack,
    LeftBehind,
    NoLongerDead,
    Prefetched,
    Queued,
    Scheduled,
    SetAside,
    Started,
)
from luffy_lesson.classroom.watch.record import KEPT, LANES_KEPT, SAMPLES, Kept, Record, States
from luffy_lesson.step7_retries import Dead, Message


@pytest.fixture
def record():
    return Record(opened=100.0)


def thread(name="Processor 0", ended=False):
    made = threading.Thread(target=int, name=name)
    if ended:
        made.start()
        made.join()
    return made


def perform(record, by, begin, end, *, job="W(1)", queued=None, error=None):
    record.take(Began(by, job, None, queued, begin))
    record.take(Ended(by, error, end))


def test_a_job_is_kept_with_its_lane_its_times_and_its_error(record):
    perform(record, thread(), 103, 105, queued=101, error="ValueError: no")
    assert list(record.jobs) == [("W(1)", "Processor 0", 1, 3, 5, "ValueError: no")]
    assert (record.jobs[0].waited, record.jobs[0].took) == (2, 2)


def test_a_job_that_was_in_no_queue_has_not_waited(record):
    perform(record, thread(), 103, 105)
    assert (record.jobs[0].queued, record.jobs[0].waited) == (None, 0)


def test_jobs_are_kept_in_the_order_in_which_they_are_finished(record):
    one, two = thread("one"), thread("two")
    record.take(Began(one, "first", None, None, 101))
    record.take(Began(two, "second", None, None, 102))
    assert record.at_work() == 2
    record.take(Ended(two, None, 103))
    record.take(Ended(one, "KeyError: 1", 104))
    assert [job.job for job in record.jobs] == ["second", "first"]
    assert (record.at_work(), record.done, record.failed) == (0, 1, 1)
    assert [(lane.done, lane.failed) for lane in record.lanes.values()] == [(0, 1), (1, 0)]


def test_the_end_of_a_job_whose_beginning_nobody_saw_is_no_job(record):
    record.take(Ended(thread(), None, 101))
    assert (list(record.jobs), record.done) == ([], 0)


def test_lanes_are_named_by_their_threads(record):
    record.take(Started([thread("Processor 3")], processors=True))
    record.take(Started([thread("Thread-7 (perform_now)")], processors=False))
    perform(record, threading.main_thread(), 101, 102)
    assert [lane.name for lane in record.lanes.values()] == ["Processor 3", "Thread-7", "main thread"]
    assert [lane.processor for lane in record.lanes.values()] == [True, False, False]


def test_a_new_processor_goes_on_in_the_lane_of_the_one_that_it_replaces(record):
    earlier, later = thread(ended=True), thread()
    record.take(Started([earlier], processors=True))
    perform(record, earlier, 101, 102)
    record.take(Started([later], processors=True))
    perform(record, later, 103, 104)
    (lane,) = record.lanes.values()
    assert (lane.thread, lane.done, lane.over) == (later, 2, False)


def test_two_processors_of_one_name_that_run_at_once_have_a_lane_each(record):
    record.take(Started([thread()], processors=True))
    record.take(Started([thread()], processors=True))
    assert len(record.lanes) == 2


def test_the_last_ten_thousand_jobs_are_kept_and_all_are_counted(record):
    by = thread()
    for number in range(KEPT + 500):
        perform(record, by, 101, 102, job=f"W({number})", error=None if number % 2 else "no")
    assert KEPT == 10_000
    assert (record.jobs[0].job, record.jobs[-1].job, len(record.jobs)) == ("W(500)", f"W({KEPT + 499})", KEPT)
    assert (record.done, record.failed) == (5250, 5250)
    assert len(record.failures) == 3


def test_lanes_of_threads_that_have_ended_are_forgotten_when_there_are_many(record):
    alive = thread("Processor 0")
    record.take(Started([alive], processors=True))
    for number in range(3 * LANES_KEPT):
        perform(record, thread(f"Thread-{number} (perform_now)", ended=True), 101, 102)
    assert len(record.lanes) <= LANES_KEPT + 1
    assert alive in record.lanes
    assert record.lanes.popitem()[1].name == f"Thread-{3 * LANES_KEPT - 1}"
    assert record.done == 3 * LANES_KEPT


def test_lengths_of_the_queue_are_thinned_and_keep_the_first_and_the_last(record):
    by = thread()
    for number in range(5 * SAMPLES):
        record.take(Queued(100 + number))
        if number % 3 == 0:
            perform(record, by, 100 + number, 100 + number, queued=100)
    assert len(record.lengths) <= SAMPLES
    assert record.lengths[0] == (0, 1)
    at, length = record.lengths[-1]
    assert (at, length) == (5 * SAMPLES - 1, 5 * SAMPLES - record.done)
    assert [at for at, _ in record.lengths] == sorted(at for at, _ in record.lengths)


def test_the_length_of_the_queue_follows_jobs_and_is_put_right_by_what_the_backend_says(record, monkeypatch):
    record.take(Queued(101))
    record.take(Queued(102))
    record.take(Began(thread(), "W(1)", None, 101, 103))
    monkeypatch.setattr(record_module.time, "monotonic", lambda: 104.0)
    record.sample(7)  # another process has put some
    record.sample("? (ConnectionError)")
    assert record.lengths == [(1, 1), (2, 2), (3, 1), (4, 7)]


def test_the_rate_is_that_of_late_while_jobs_are_in_hand_and_that_of_the_whole_run_after_it(record, monkeypatch):
    by, clock = thread(), iter([100.0, 110.0])
    monkeypatch.setattr(record_module.time, "monotonic", lambda: next(clock))
    assert record.rate() == 0
    record.sample(0)
    for begin in (101, 102, 103):
        perform(record, by, begin, begin + 1)
    record.take(Began(by, "W(1)", None, None, 109))
    record.sample(0)
    assert record.rate() == 3 / 10
    record.take(Ended(by, None, 111))
    assert record.rate() == 4 / 10


def test_a_run_of_less_than_a_second_counts_as_one_of_a_second(record):
    perform(record, thread(), 101, 101.001)
    assert record.rate() == 1


def test_many_jobs_put_at_once_make_the_queue_longer_by_as_many(record):
    record.take(Queued(101, 500))
    record.take(Began(thread(), "W(1)", None, 101, 102))
    assert record.lengths == [(1, 500), (2, 499)]


# what a backend says of its jobs


class Knows:
    """A backend that knows every state. It says how often it was asked."""

    def __init__(self, **found):
        self.found, self.asked = found, []

    def sizes(self):
        self.asked.append("sizes")
        return {"waiting": 7, "in flight": 1} | {state: len(jobs) for state, jobs in self.found.items()}

    def _read(self, state, most):
        self.asked.append(state)
        return self.found[state][:most]

    def scheduled(self, most=0):
        return self._read("scheduled", most)

    def retrying(self, most=0):
        return self._read("retrying", most)

    def dead(self, most=0):
        return self._read("dead", most)


def test_a_backend_that_knows_no_states_is_asked_how_many_wait_and_no_more():
    class Plain:
        def qsize(self):
            return 3

    assert States.ask(Plain()) == (3, States())
    assert States({"dead": 1}).unknown(Plain()) == States()


def test_a_backend_is_asked_for_its_sizes_and_for_the_first_four_jobs_of_each_state_that_has_some():
    job = Message(b'{"worker": "W", "args": [1]}')
    backend = Knows(scheduled=[(float(n), job) for n in range(9)], retrying=[], dead=[])
    waiting, states = States.ask(backend)
    assert (waiting, states.sizes) == (7, {"in flight": 1, "scheduled": 9, "retrying": 0, "dead": 0})
    assert states.kept == tuple(Kept("scheduled", "W(1)", float(n), 0) for n in range(4))
    assert (backend.asked, states.names) == (["sizes", "scheduled"], True)


def test_of_a_job_that_is_retried_and_of_a_dead_one_the_tries_and_the_last_line_are_known():
    failed = b'{"worker": "W", "args": [], "failure": {"message": "E: one\\ntwo", "tries": 2}}'
    dead = [Dead(Message(b"{}"), {"message": "E: no", "tries": 5}, b""), Dead(Message(b"no job"), {"tries": "x"}, b"")]
    _, states = States.ask(Knows(scheduled=[], retrying=[(1.5, Message(failed))], dead=dead))
    assert states.kept == (
        Kept("retrying", "W()", 1.5, 2, "two"),
        Kept("dead", "{}", 0.0, 5, "E: no"),
        Kept("dead", "no job", 0.0, None, ""),
    )


def test_a_backend_that_does_not_answer_is_as_it_was_and_nothing_is_known():
    states = States({"in flight": 3, "retrying": 1}, (Kept("retrying", "W()"),), names=True)
    assert states.unknown(Knows()) == States({"in flight": "?", "retrying": "?"}, (), names=True)


@pytest.mark.parametrize("state", ["in flight", "scheduled", "retrying", "dead"])
def test_jobs_are_on_their_way_except_those_that_are_dead(state):
    assert States({"in flight": 0, state: 1}).pending() == (state != "dead")


def test_that_failed_jobs_are_tried_again_is_noted_and_not_forgotten(record):
    record.sample(0, States({"retrying": 0}))
    record.sample(0)
    assert (record.retries, record.states) == (True, States())


def test_what_a_journey_tells_has_times_from_the_beginning_and_names_of_processes(record):
    by = thread("Processor 3")
    record.take(Started([by], processors=True))
    record.take(Queued(101, 3, ["A", "A", "B"]))
    perform(record, by, 102, 103, job="A", error="E")
    record.take(SetAside(by, "A", 110, 103))
    record.take(SetAside(by, "A", None, 104))
    record.take(Scheduled(105, "B", 120))
    record.take(LeftBehind("A", False, 106))
    record.take(LeftBehind("A", True, 107))
    record.take(NoLongerDead("A", False, 107, "mail"))
    record.take(NoLongerDead("A", True, 107))
    for pid in (7, 9, 7):
        record.take(Elsewhere(pid, Entry(108, "retrying", "A", processor="Processor 0", due=109)))
    perform(record, threading.main_thread(), 99, 110, job="B")
    record.sample(0, States({"waiting": 0, "scheduled": 1, "retrying": "?"}))
    record.sample(0, States({"scheduled": 1}))
    *entries, counted = record.entries
    three = "Processor 3"
    assert entries == [
        Entry(0, "started", processor=three),
        Entry(1, "queued", "A", number=2),
        Entry(1, "queued", "B"),
        Entry(2, "fetched", "A", processor=three),
        Entry(3, "failed", "A", processor=three, error="E"),
        Entry(3, "retrying", "A", processor=three, due=10),
        Entry(4, "dead", "A", processor=three),
        Entry(5, "scheduled", "B", due=20),
        Entry(6, "put back", "A"),
        Entry(7, "left too often", "A"),
        Entry(7, "requeued", "A", queue="mail"),
        Entry(7, "thrown away", "A"),
        *[Entry(8, "retrying", "A", f"process {n}", "Processor 0", due=9) for n in (1, 2, 1)],
        Entry(0, "called", "B", processor="main thread"),
        Entry(10, "done", "B", processor="main thread"),
    ]
    assert (counted.what, counted.sizes) == ("counted", {"scheduled": 1})
    assert not record.cut


def test_of_a_large_batch_the_first_hundred_are_named(record):
    by = thread("Processor 3")
    batch = [b'{"worker": "A", "args": []}'] * 99 + [b'{"worker": "B", "args": [1]}', *[b"never read"] * 400]
    record.take(Prefetched(by, batch, 101, "mail"))
    record.take(GivenBack(batch[99:100], 102, processor="Processor 3"))
    who = {"processor": "Processor 3", "queue": "mail"}
    assert record.entries == [
        Entry(1, "prefetched", "A()", number=99, **who),
        Entry(1, "prefetched", "B(1)", **who),
        Entry(1, "prefetched", number=400, **who),
        Entry(2, "given back", "B(1)", processor="Processor 3"),
    ]


def test_of_a_long_run_the_first_ten_thousand_entries_are_kept(record):
    for number in range(record_module.ENTRIES + 1):
        record.take(Queued(101, 1, [str(number)]))
    assert (len(record.entries), record.entries[-1].job, record.cut) == (10_000, "9999", True)
