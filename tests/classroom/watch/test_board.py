"""A board shows what really happens, while it happens; and it comes to rest."""

import contextvars
import itertools
import queue
import re
import subprocess
import sys
import threading
import time
from html import unescape

import psutil
import pytest
import redis
from real_kernel import Kernel

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step6_schedule, step7_retries
from luffy_lesson.classroom import lesson, timeline
from luffy_lesson.classroom.watch import backlog as backlog_module
from luffy_lesson.classroom.watch import board as board_module
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.board import MOST, Board
from luffy_lesson.classroom.watch.events import Ended, events
from luffy_lesson.step3_memory_queue import Luffy, Pool, Processor, Worker
from luffy_lesson.step4_redis_queue import RedisBackend

SET_UP = """\
import logging, os, queue, threading, time
from luffy_lesson.classroom import lesson, watch
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker

class Wait(Worker):
    go = threading.Event()

    def perform(self, *args):
        assert Wait.go.wait(30)

class Quick(Worker):
    def perform(self, *args):
        return args

class Fail(Worker):
    def perform(self, text):
        raise ValueError(text)

def ended(board):
    board._thread.join(20)
    return not board.live

Luffy.backend = queue.Queue()
"""


@pytest.fixture
def wait():
    """A worker whose jobs end when the test says so."""

    class Wait(Worker):
        go = threading.Event()

        def perform(self, *args):
            assert self.go.wait(30)

    yield Wait
    Wait.go.set()


class Quick(Worker):
    def perform(self, *args):
        return args


class Fail(Worker):
    def perform(self, text):
        raise ValueError(text)


@pytest.fixture
def five():
    """Five processors on a queue in memory."""
    Luffy.backend = queue.Queue()
    return Processor.start(5)


def text_of(board):
    """What a learner reads on the board."""
    html = re.sub("<span data-run>(.*?)</span>", r"\1", board.html)
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", html)))


def shows(board, text):
    """Whether a learner reads `text` on the board."""
    return text in text_of(board)


def at_rest(board):
    """Wait until the board's thread has ended by itself."""
    board._thread.join(timeout=15)
    assert not board.live
    return True


def by_a_processor(job):
    return re.fullmatch(r"Processor [0-4]", job.lane)


# what it shows


def test_processors_that_run_have_lanes_before_they_have_jobs(five):
    board = Board()
    assert all(shows(board, f"Processor {number} idle") for number in range(5))


def test_processors_that_start_later_get_lanes(eventually):
    Luffy.backend = queue.Queue()
    board = Board()
    assert shows(board, "nobody has worked in this process yet")
    Pool(Processor, 2, Luffy.backend).start()
    eventually(lambda: shows(board, "Processor 1 idle"))


def test_a_job_is_seen_to_wait_to_be_taken_and_to_be_done(wait, join, eventually):
    Luffy.backend = queue.Queue()
    board = Board()
    for number in range(3):
        wait.perform_queue(number)
    eventually(lambda: shows(board, "waiting 3 in hand 0 ✓ done 0") and shows(board, "■■■"))
    Processor.start(1)
    eventually(lambda: shows(board, "waiting 2 in hand 1 ✓ done 0") and shows(board, "Processor 0 Wait(0) 0."))
    wait.go.set()
    join(Luffy.backend)
    eventually(lambda: shows(board, "waiting 0 in hand 0 ✓ done 3") and shows(board, "Processor 0 idle ✓ 3"))


def test_the_time_of_the_job_in_hand_grows(wait, eventually):
    board = Board()
    thread = wait.perform_async(1)
    told = []

    def grown():
        (now,) = re.findall(r"Wait\(1\) (\d+\.\d) s", text_of(board)) or ["0.0"]
        told.append(float(now))
        return len(set(told)) >= 3

    eventually(grown)
    assert told == sorted(told)
    wait.go.set()
    thread.join()


def test_a_failed_job_is_told_by_the_last_line_of_its_error(five, join, caplog, eventually):
    board = Board()
    Fail.perform_queue("one\n<b>two</b>")
    join(Luffy.backend)
    eventually(lambda: shows(board, "✗ failed 1") and shows(board, "✗ Fail('one\\n<b>two</b>'): <b>two</b>"))
    assert "<b>two" not in board.html


def test_each_thread_of_perform_async_has_a_lane(wait, eventually):
    board = Board()
    threads = [wait.perform_async(number) for number in range(3)]
    eventually(lambda: shows(board, "in hand 3"))
    wait.go.set()
    for thread in threads:
        thread.join()
    board.close()
    names = [thread.name.partition(" (")[0] for thread in threads]
    assert all(shows(board, f"{name} ✓ Wait({number})") for number, name in enumerate(names))
    assert sorted(job.lane for job in board.jobs) == sorted(names)


def test_perform_now_has_the_lane_of_the_main_thread():
    with Board() as board:
        Quick.perform_now(1)
    assert [(job.job, job.lane, job.queued) for job in board.jobs] == [("Quick(1)", "main thread", None)]
    assert shows(board, "main thread ✓ Quick(1) 0.0 s")


def test_of_hundreds_of_jobs_every_one_is_told_once_and_right(five, join):
    with Board() as board:
        for number in range(500):
            (Fail if number % 10 == 0 else Quick).perform_queue(number)
        join(Luffy.backend)
    expected = [f"{'Fail' if number % 10 == 0 else 'Quick'}({number})" for number in range(500)]
    assert sorted(job.job for job in board.jobs) == sorted(expected)
    assert shows(board, "waiting 0 in hand 0 ✓ done 450 ✗ failed 50")
    for job in board.jobs:
        assert 0 <= job.queued <= job.taken <= job.finished
        assert by_a_processor(job)
        assert job.error == (f"ValueError: {job.job[5:-1]}" if job.job.startswith("Fail") else None)
    assert [job.finished for job in board.jobs] == sorted(job.finished for job in board.jobs)
    assert [job.queued for job in sorted(board.jobs, key=lambda job: expected.index(job.job))] == sorted(
        job.queued for job in board.jobs
    )


def test_jobs_that_end_at_the_same_moment_are_told_in_the_order_of_their_times():
    on_its_way, overtaken = threading.Event(), threading.Event()

    def late(event):  # it is told before the board is
        if isinstance(event, Ended) and event.thread is first:
            on_its_way.set()
            overtaken.wait(0.5)
        elif isinstance(event, Ended):
            overtaken.set()

    class Waits(Worker):
        def perform(self, event):
            assert event.wait(30)

    first_ends, second_ends = threading.Event(), threading.Event()
    events.listen(late)
    try:
        with Board() as board:
            first, other = Waits.perform_async(first_ends), Waits.perform_async(second_ends)
            first_ends.set()
            assert on_its_way.wait(10)
            second_ends.set()
            first.join()
            other.join()
    finally:
        events.forget(late)
    assert len(board.jobs) == 2
    assert [job.finished for job in board.jobs] == sorted(job.finished for job in board.jobs)


def test_one_lane_never_has_two_jobs_in_hand(five, join):
    with Board() as board:
        for number in range(200):
            Quick.perform_queue(number)
        join(Luffy.backend)
    for number in range(5):
        own = [job for job in board.jobs if job.lane == f"Processor {number}"]
        assert all(one.finished <= other.taken for one, other in itertools.pairwise(own))


def test_jobs_that_waited_before_the_board_was_opened_have_waited_since_then(join):
    Luffy.backend = queue.Queue()
    Quick.perform_queue(1)
    with Board() as board:
        Quick.perform_queue(2)
        Processor.start(1)
        join(Luffy.backend)
    assert [job.queued < 0 for job in board.jobs] == [True, False]


def test_jobs_that_were_in_hand_before_the_board_was_opened_are_seen_to_end(wait, five, eventually):
    wait.perform_queue(1)
    eventually(lambda: events.begun)
    with Board() as board:
        assert shows(board, "Wait(1)")
        wait.go.set()
    at_rest(board)
    assert [job.job for job in board.jobs] == ["Wait(1)"]
    assert board.jobs[0].taken < 0 < board.jobs[0].finished


def test_several_boards_show_the_same(five, join):
    one, two = Board(), Board()
    Quick.perform_queue(1)
    join(Luffy.backend)
    assert [job.job for job in one.jobs] == [job.job for job in two.jobs] == ["Quick(1)"]


def test_a_board_counts_what_waits_in_the_backend_that_it_was_given():
    class Empty(queue.Queue):
        def __len__(self):  # so that it is false
            return 0

    Luffy.backend, other = queue.Queue(), Empty()
    other.put("job")
    other.put("job")
    assert shows(Board(other), "waiting 2")
    assert shows(Board(), "waiting 0")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("raise NotImplementedError('not <b>yet</b>')", "waiting ? (NotImplementedError: not <b>yet</b>)"),
        ("return None", "waiting ? (TypeError: "),
        ("return 'many'", "waiting ? (ValueError: "),
        ("return -3", "waiting -3"),
    ],
)
def test_a_backend_that_a_learner_has_begun_to_write_is_shown_as_it_is(answer, says):
    scope = {}
    exec(f"class Begun:\n    def qsize(self):\n        {answer}", scope)
    Luffy.backend = scope["Begun"]()
    with Board() as board:
        assert shows(board, says)
        Quick.perform_now(1)
    assert shows(board, says)
    assert len(board.jobs) == 1


def test_a_board_is_told_by_its_repr(five, join):
    board = Board()
    Quick.perform_queue(1)
    Fail.perform_queue(1)
    join(Luffy.backend)
    assert repr(board) == "<Board: 1 done, 1 failed>"


# Redis


@pytest.fixture
def sent(redis_url, registry):
    """A worker whose jobs travel."""
    Luffy.backend = RedisBackend()
    return type("Sent", (step4_redis_queue.Worker,), {"perform": lambda self, *args: None, "__module__": "__main__"})


def test_what_others_put_in_redis_and_take_from_it_is_counted(sent, redis_url, eventually):
    board = Board()
    with redis.Redis.from_url(redis_url) as other:
        other.lpush("luffy:queue", *["x"] * 7)
        eventually(lambda: shows(board, "waiting 7"))
        other.ltrim("luffy:queue", 0, 1)
        eventually(lambda: shows(board, "waiting 2"))
        other.delete("luffy:queue")
        eventually(lambda: shows(board, "waiting 0"))


def test_no_job_is_missed_when_the_block_does_not_wait_for_the_jobs(sent):
    step4_redis_queue.Processor.start(3)
    for _ in range(20):
        with Board() as board:
            for number in range(4):
                sent.perform_queue(number)
        at_rest(board)
        assert sorted(job.job for job in board.jobs) == [f"Sent({number})" for number in range(4)]


def test_a_board_comes_to_rest_when_another_process_has_taken_the_jobs(sent, redis_url, monkeypatch):
    monkeypatch.setattr(backlog_module, "BEGUN_WITHIN", 0.2)
    with Board() as board:
        sent.perform_queue(1)
        with redis.Redis.from_url(redis_url) as other:
            assert other.rpop("luffy:queue")
        step4_redis_queue.Processor.start(1)
    at_rest(board)
    assert board.jobs == []


def test_a_server_that_is_away_is_shown_and_so_is_its_return(server, registry, eventually, caplog):
    url = server.start()
    Luffy.backend = RedisBackend(redis.Redis.from_url(url))
    with redis.Redis.from_url(url) as other:
        board = Board()
        other.lpush("luffy:queue", "x")
        eventually(lambda: shows(board, "waiting 1"))
        server.stop()
        eventually(lambda: shows(board, "waiting ? (ConnectionError: "))
        server.start()
        other.lpush("luffy:queue", *"xyz")
        eventually(lambda: re.search(r"waiting <b>[34]</b>", board.html))


# steps 5 to 7


class Flaky:
    """What a worker of step 7 needs to fail as often as the test says, and to be tried again soon."""

    retries, fails = 3, 0

    @staticmethod
    def backoff(tries):
        return 0.3

    def perform(self, *args):
        if self.fails:
            type(self).fails -= 1
            raise OSError("429 <b>no</b>")


@pytest.fixture
def flaky(redis_url, registry, caplog):
    Luffy.backend = step7_retries.RedisBackend()
    return type("Visit", (Flaky, step7_retries.Worker), {"__module__": "__main__"})


def test_of_step_5_the_board_counts_what_is_in_flight_of_all_processes_and_what_is_dead(redis_url, eventually):
    Luffy.backend = step5_reliable_queue.RedisBackend()
    board = Board()
    assert shows(board, "waiting 0 in flight 0 dead 0 ✓ done 0 ✗ failed 0 0.0 jobs/s")
    other = step5_reliable_queue.RedisBackend()
    other.put(step5_reliable_queue.Message(b'{"worker": "Theirs", "args": []}'))
    eventually(lambda: shows(board, "waiting 1 in flight 0"))
    other.get(timeout=1)
    eventually(lambda: shows(board, "waiting 0 in flight 1"))
    other.redis.zadd("luffy:queue:dead", {"x": 1})
    eventually(lambda: shows(board, "in flight 1 dead 1"))
    assert "luffy-kept" not in board.html


def test_of_step_6_the_board_names_what_is_scheduled_and_counts_down(redis_url, registry, eventually):
    def seconds():
        return [float(text) for text in re.findall(r"scheduled in (\d+\.\d) s Visit\(7\)", text_of(board))]

    worker = type("Visit", (step6_schedule.Worker,), {"perform": lambda self, *args: None, "__module__": "__main__"})
    Luffy.backend = step6_schedule.RedisBackend()
    board = Board()
    assert shows(board, "no job is scheduled or dead")
    assert not shows(board, "retrying")
    worker.perform_in(50, 7)
    eventually(lambda: shows(board, "scheduled 1") and seconds())
    (first,) = seconds()
    eventually(lambda: seconds()[0] < first)
    assert 45 < first < 50
    board.close()
    assert re.search(r"scheduled at \d\d:\d\d:\d\d Visit\(7\)", text_of(board))


def test_a_block_that_is_left_while_a_job_is_scheduled_has_a_live_board_until_it_is_done(redis_url, registry):
    worker = type("Visit", (step6_schedule.Worker,), {"perform": lambda self: None, "__module__": "__main__"})
    Luffy.backend = step6_schedule.RedisBackend()
    step6_schedule.Processor.start(1)
    with Board() as board:
        worker.perform_in(0.3)
    at_rest(board)
    assert [(job.job, job.queued) for job in board.jobs] == [("Visit()", None)]


def test_a_job_that_fails_is_seen_to_be_tried_again_until_it_is_done(flaky, eventually):
    step7_retries.Processor.start(1)
    flaky.fails = 2
    with Board() as board:
        flaky.perform_queue(7)
    eventually(
        lambda: re.search(r"retrying try 3 (in \d\.\d s|now) Visit\(7\): OSError: 429 <b>no</b>", text_of(board))
    )
    assert shows(board, "waiting 0 in flight 0 scheduled 0 retrying 1 dead 0 ✓ done 0 ✗ failed tries 2")
    at_rest(board)
    assert [job.error is None for job in board.jobs] == [False, False, True]
    assert shows(board, "retrying 0 dead 0 ✓ done 1 ✗ failed tries 2")
    assert repr(board.timeline()) == "<Timeline: 3 tries, 1 processor>"
    assert "<b>no" not in board.html


def test_a_job_that_is_given_up_is_told_with_the_reason(flaky, monkeypatch):
    monkeypatch.setattr(step7_retries.RedisBackend, "poll_every", 0.02)
    flaky.backoff = staticmethod(lambda tries: 0.01)
    step7_retries.Processor.start(1)
    flaky.fails, flaky.retries = 9, 1
    with Board() as board:
        flaky.perform_queue(7)
    at_rest(board)
    assert shows(board, "retrying 0 dead 1 ✓ done 0 ✗ failed tries 2")
    assert shows(board, "dead after 2 tries Visit(7): OSError: 429 <b>no</b>")


def test_retries_and_schedules_that_wait_for_nobody_keep_no_board_live(flaky):
    with Board() as board:
        flaky.perform_in(60)
    assert not board.live
    assert shows(board, "scheduled 1")


def test_a_later_board_ends_an_earlier_one_that_waits_for_what_is_scheduled(flaky):
    step7_retries.Processor.start(1)
    with Board() as earlier:
        flaky.perform_in(60)
    assert earlier.live
    Board()
    at_rest(earlier)


def test_a_board_comes_to_rest_when_another_process_has_done_the_jobs(flaky, redis_url, monkeypatch):
    monkeypatch.setattr(backlog_module, "BEGUN_WITHIN", 0.2)
    other = step7_retries.RedisBackend()
    with Board() as board:
        flaky.perform_queue(1)
        other.get(timeout=1)
        step7_retries.Processor.start(1)
    time.sleep(0.5)  # in which it would come to rest: it is in flight elsewhere
    assert board.live
    other.task_done()
    at_rest(board)
    assert board.jobs == []


def test_no_job_is_missed_while_it_moves_between_places(flaky, monkeypatch):
    """A board that is drawn all the time looks at a job at every moment of its way."""
    monkeypatch.setattr(board_module, "EVERY", 0.01)
    monkeypatch.setattr(step7_retries.RedisBackend, "poll_every", 0.02)
    flaky.backoff = staticmethod(lambda tries: 0.01)
    step7_retries.Processor.start(3)
    for _ in range(3):
        flaky.fails = 3
        with Board() as board:
            for number in range(4):
                flaky.perform_queue(number)
        at_rest(board)
        assert sorted(job.job for job in board.jobs if job.error is None) == [f"Visit({n})" for n in range(4)]


def test_a_server_that_is_away_leaves_the_room_for_what_it_keeps(server, registry, eventually):
    url = server.start()
    Luffy.backend = step7_retries.RedisBackend(redis.Redis.from_url(url))
    board = Board()
    server.stop()
    eventually(lambda: shows(board, "waiting ? (ConnectionError: "))
    assert not shows(board, "in flight")
    assert "luffy-kept" in board.html
    server.start()
    eventually(lambda: shows(board, "waiting 0 in flight 0 scheduled 0 retrying 0 dead 0"))


# how long it is live


def test_a_block_that_waits_for_its_jobs_leaves_a_board_that_is_at_rest(five, join):
    with Board() as board:
        Quick.perform_queue(1)
        join(Luffy.backend)
    assert not board.live
    assert events.listeners == ()
    assert Board.open == ()
    assert shows(board, "✓ done 1")


def test_a_block_that_is_left_while_jobs_wait_has_a_live_board_until_they_are_done(wait, five, eventually):
    with Board() as board:
        for number in range(12):
            wait.perform_queue(number)
    eventually(lambda: shows(board, "waiting 7 in hand 5"))
    assert board.live
    wait.go.set()
    at_rest(board)
    assert len(board.jobs) == 12
    assert shows(board, "waiting 0 in hand 0 ✓ done 12")


def test_a_block_that_is_left_while_a_thread_works_has_a_live_board_until_it_is_done(wait):
    with Board() as board:
        wait.perform_async(1)
    assert board.live
    wait.go.set()
    at_rest(board)
    assert len(board.jobs) == 1


def test_jobs_that_wait_for_nobody_keep_no_board_live():
    Luffy.backend = queue.Queue()
    with Board() as board:
        Quick.perform_queue(1)
    assert not board.live
    assert shows(board, "waiting 1")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_in_the_block_is_raised_and_the_board_comes_to_rest(five, join, error):
    def block():
        with Board() as board:
            boards.append(board)
            Quick.perform_queue(1)
            join(Luffy.backend)
            raise error

    boards = []
    with pytest.raises(error):
        block()
    assert not boards[0]._thread.is_alive()
    assert len(boards[0].jobs) == 1


def test_a_board_that_was_left_takes_no_notice_of_what_begins_after_another_was_opened(wait, five, join, eventually):
    with Board() as earlier:
        wait.perform_queue("earlier")
    eventually(lambda: events.begun)
    with Board() as later:
        wait.perform_queue("later")
        wait.perform_async("later")
        wait.go.set()
        join(Luffy.backend)
    at_rest(earlier)
    at_rest(later)
    assert [job.job for job in earlier.jobs] == ["Wait('earlier')"]
    assert sorted(job.job for job in later.jobs) == ["Wait('earlier')", "Wait('later')", "Wait('later')"]


def test_a_job_that_was_begun_just_before_another_board_was_opened_is_not_lost(wait, five, eventually, monkeypatch):
    monkeypatch.setattr(board_module, "EVERY", 0.5)
    for _ in range(3):  # at least two of them before the earlier board has looked
        wait.go.clear()
        with Board() as earlier:
            wait.perform_queue(1)
        eventually(lambda: events.begun)
        Board().close()
        wait.go.set()
        at_rest(earlier)
        assert len(earlier.jobs) == 1


def test_a_board_that_was_not_left_goes_on_when_another_is_opened(five, join):
    earlier = Board()
    Board().close()
    Quick.perform_queue(1)
    join(Luffy.backend)
    assert len(earlier.jobs) == 1


def test_no_more_than_five_boards_are_live_and_the_oldest_ends():
    boards = [Board() for _ in range(MOST + 2)]
    assert [board.live for board in boards] == [False] * 2 + [True] * MOST
    assert Board.open == tuple(boards[2:])
    assert len(events.listeners) == MOST


def test_boards_that_are_at_rest_do_not_count(wait):
    live = Board()
    for _ in range(MOST):
        wait.go.clear()
        with Board() as board:
            wait.perform_async(1)
        wait.go.set()
        at_rest(board)
    assert live.live


def test_a_board_can_be_closed_twice_and_stays_as_it_is(five, join):
    board = Board()
    Quick.perform_queue(1)
    join(Luffy.backend)
    board.close()
    board.close()
    Quick.perform_queue(2)
    join(Luffy.backend)
    assert shows(board, "✓ done 1")
    assert [job.job for job in board.jobs] == ["Quick(1)"]
    assert not board.live


def test_a_board_can_be_closed_by_a_job(five, join):
    board = Board()
    worker = type("Close", (Worker,), {"perform": lambda self: board.close()})
    worker.perform_queue()
    join(Luffy.backend)
    at_rest(board)
    board.close()
    assert Board.open == ()


def test_fresh_closes_boards_and_forgets_what_waited(capsys):
    board = Board()
    Luffy.backend = queue.Queue()
    Quick.perform_queue(1)
    lesson.fresh(3)
    assert not board.live
    assert Board.open == ()
    assert not backlog.expects()


def test_the_picture_without_a_board_says_what_to_do_first():
    with pytest.raises(RuntimeError, match="run some jobs within"):
        timeline()


def test_the_picture_is_that_of_the_board_that_was_opened_last(five, join):
    for number in (1, 2):
        with Board():
            for _ in range(number):
                Quick.perform_queue(1)
            join(Luffy.backend)
    assert repr(timeline()) == "<Timeline: 2 jobs, 5 processors>"


def test_a_script_shows_nothing_has_its_facts_and_ends_with_its_main_thread(environment):
    program = """if True:
        import queue
        from luffy_lesson.classroom import watch
        from luffy_lesson.classroom.watch import hooks
        from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker
        hooks.install()
        class Quick(Worker):
            def perform(self, number): pass
        Luffy.backend = queue.Queue()
        Processor.start(2)
        board = watch()
        Quick.perform_queue(1)
        Luffy.backend.join()
        print([job.job for job in board.jobs])
        print(repr(board.timeline()))
    """
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("['Quick(1)']\n<Timeline: 1 job, 2 processors>\n", "")


def test_a_job_within_a_job_that_puts_jobs_is_followed_to_the_end(five):
    class Chain(Worker):
        def perform(self, left):
            if left:
                Chain.perform_queue(left - 1)

    for _ in range(5):
        with Board() as board:
            Chain.perform_queue(20)
        at_rest(board)
        assert [job.job for job in board.jobs] == [f"Chain({left})" for left in range(20, -1, -1)]


def test_a_drawing_that_fails_costs_no_fact_and_the_next_one_is_tried(join, caplog, eventually):
    """In ipykernel 7.0, what a thread displays may fail."""
    Luffy.backend = queue.Queue()
    broken, drawn = threading.Event(), []

    def show(html, text):
        if broken.is_set():
            raise LookupError("parent_header")
        drawn.append(text)

    board = Board(show=show)
    broken.set()
    Processor.start(1)
    Quick.perform_queue(1)
    join(Luffy.backend)
    eventually(lambda: caplog.messages.count("The board could not be drawn") == 1)
    broken.clear()
    Quick.perform_queue(2)
    join(Luffy.backend)
    board.close()
    assert [job.job for job in board.jobs] == ["Quick(1)", "Quick(2)"]
    assert repr(board.timeline()) == "<Timeline: 2 jobs, 1 processor>"
    assert drawn[-1] == "A board: waiting 0, in hand 0, ✓ done 2, ✗ failed 0."


def test_a_board_is_drawn_in_the_context_in_which_it_was_opened(five, join):
    """There, ipykernel 7.0 looks for the cell that a display belongs to."""
    cell, cells = contextvars.ContextVar("cell"), set()
    token = cell.set("opened here")
    board = Board(show=lambda *_: cells.add(cell.get("nowhere")))
    cell.reset(token)
    Quick.perform_queue(1)
    join(Luffy.backend)
    board.close()
    assert cells == {"opened here"}


# on the wire of a real kernel


def updates(kernel):
    """What the boards have shown, in the order in which it was sent."""
    return [message["content"]["data"]["text/html"] for message in kernel.messages if is_update(message)]


def is_update(message):
    return message["msg_type"] == "update_display_data"


def test_the_board_is_displayed_once_before_the_work_starts_and_is_the_finished_one_when_its_cell_ends(kernel):
    cell = kernel.run("""
        pool = Processor.start(2)
        with watch() as board:
            print("work")
            for number in range(20):
                Quick.perform_queue(number)
            Luffy.backend.join()
    """)
    own = [message for message in kernel.messages if message["parent_header"].get("msg_id") == cell]
    (shown,) = [message for message in own if message["msg_type"] == "display_data"]
    (printed,) = [message for message in own if message["msg_type"] == "stream"]
    assert own.index(shown) < own.index(printed)
    shows = [message["content"] for message in own if is_update(message)]
    for content in (shown["content"], shows[-1]):
        assert set(content["data"]) == {"text/plain", "text/html"}
        assert content["transient"] == shown["content"]["transient"]
    assert "done <b>20</b>" in shows[-1]["data"]["text/html"]
    assert shows[-1]["data"]["text/plain"] == "A board: waiting 0, in hand 0, ✓ done 20, ✗ failed 0."


def test_however_many_jobs_there_are_ten_updates_a_second_are_sent_at_most(kernel):
    kernel.run("pool = Processor.start(5)")
    kernel.messages.clear()
    cell = kernel.run("""
        begin = time.monotonic()
        with watch() as board:
            while time.monotonic() - begin < 3:
                for number in range(100):
                    Quick.perform_queue(number)
                Luffy.backend.join()
        print(len(board.jobs), time.monotonic() - begin)
    """)
    jobs, seconds = map(float, kernel.out[cell].split())
    assert jobs >= 1000
    assert 4 <= len(updates(kernel)) <= 10 * seconds + 2  # one when it is opened, one when it is closed


def test_a_board_at_which_nothing_happens_sends_nothing(kernel):
    kernel.run("board = watch(); pool = Processor.start(1)")
    kernel.run("time.sleep(0.5)")  # the lanes
    kernel.messages.clear()
    kernel.run("time.sleep(1)")
    assert updates(kernel) == []


def test_a_board_moves_after_its_cell_has_ended_and_comes_to_rest(kernel):
    kernel.run("""
        pool = Processor.start(1)
        with watch() as board:
            Wait.perform_queue(1)
    """)
    for _ in range(2):  # it goes on to move
        kernel.read_until(lambda message: is_update(message) and re.search(r"\) \d\.[1-9] s", str(message["content"])))
    cell = kernel.run("Wait.go.set(); print(ended(board), len(board.jobs))")
    assert kernel.out[cell] == "True 1\n"


@pytest.mark.skipif(not hasattr(queue, "ShutDown"), reason="a queue can be shut down from Python 3.13 on")
@pytest.mark.parametrize(("immediate", "done"), [(False, 4), (True, 2)])
def test_a_board_comes_to_rest_and_no_processor_complains_when_the_queue_is_shut_down(kernel, immediate, done):
    cell = kernel.run(f"""
        with watch() as board:
            pool = Processor.start(2)
            for number in range(4):
                Wait.perform_queue(number)
            while Luffy.backend.qsize() > 2:
                time.sleep(0.01)
            Luffy.backend.shutdown(immediate={immediate})
            Wait.go.set()
        print(ended(board), len(board.jobs), [thread.is_alive() for thread in pool.threads])
        pool.stop()
    """)
    assert (kernel.out[cell], dict(kernel.err)) == (f"True {done} [False, False]\n", {})


def test_a_thread_whose_job_fails_says_so_in_one_line_under_its_cell(kernel):
    cell = kernel.run("""
        with watch() as board:
            thread = Fail.perform_async("one\\ntwo")
    """)
    kernel.run("thread.join(); ended(board)")
    (line,) = kernel.out[cell].splitlines()
    assert re.fullmatch(
        r"\[Thread-\d+ \(perform_now\)\] ✗ Fail\('one\\ntwo'\) failed in line \d+ of its cell: two", line
    )
    assert not any(kernel.err.values())
    assert "✗ failed <b>1</b>" in updates(kernel)[-1]


def test_when_a_cell_is_interrupted_no_more_jobs_are_taken_and_the_board_comes_to_rest(kernel):
    cell = kernel.begin("""
        pool = Processor.start(2)
        with watch() as board:
            for number in range(6):
                Wait.perform_queue(number)
            Luffy.backend.join()
    """)
    kernel.read_until(lambda message: is_update(message) and "in hand <b>2</b>" in str(message["content"]))
    kernel.manager.interrupt_kernel()
    kernel.wait(cell, error="KeyboardInterrupt")
    assert "Interrupted: the processors finish the jobs in hand, and take no more.\n" in kernel.out[cell]
    after = kernel.run("""
        Wait.go.set()
        print(ended(board), len(board.jobs), Luffy.backend.qsize())
        pool.stop(20)
    """)
    assert kernel.out[after] == "True 2 4\n"


@pytest.mark.parametrize("start", ["Processor.start(1); Short.perform_queue()", "Short.perform_async()"])
def test_after_an_interrupt_the_next_cell_begins_when_the_jobs_in_hand_are_finished(kernel, start):
    cell = kernel.begin(f"""
        class Short(Worker):
            def perform(self):
                print("begun", flush=True)
                time.sleep(1)
                finished.append(1)
        finished = []
        {start}
        time.sleep(30)
    """)
    kernel.read_until(lambda message: "begun" in str(message["content"].get("text")))
    kernel.manager.interrupt_kernel()
    kernel.wait(cell, error="KeyboardInterrupt")
    after = kernel.run("print(finished)")
    assert kernel.out[after] == "[1]\n"


def test_a_kernel_with_a_live_board_and_jobs_in_hand_shuts_down_at_once():
    kernel = Kernel()
    try:
        kernel.run(SET_UP + "lesson.fresh(3); Luffy.backend = queue.Queue()")
        cell = kernel.run("print(os.getpid())")
        process = psutil.Process(int(kernel.out[cell]))
        kernel.run("""
            board = watch()
            pool = Processor.start(2)
            class Soon(Worker):
                def perform(self):
                    time.sleep(0.5)
            _ = [Soon.perform_queue() for _ in range(50)]
        """)
        kernel.manager.shutdown_wait_time = 30  # after that it would be killed, and this test would not notice
        start = time.monotonic()
        kernel.manager.shutdown_kernel(now=False)
        assert time.monotonic() - start < 10
        assert psutil.wait_procs([process], timeout=10)[1] == []
    finally:
        kernel.close()
