"""What a board knows follows from what the seam tells: events that are made up, so that every moment is known."""

import threading

import pytest

from luffy_lesson.classroom import record as record_module
from luffy_lesson.classroom.record import KEPT, LANES_KEPT, SAMPLES, Record
from luffy_lesson.classroom.seam import Began, Ended, Queued, Started


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
    assert record.in_hand() == 2
    record.take(Ended(two, None, 103))
    record.take(Ended(one, "KeyError: 1", 104))
    assert [job.job for job in record.jobs] == ["second", "first"]
    assert (record.in_hand(), record.done, record.failed) == (0, 1, 1)
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
