"""The live map: a job is seen where it is while it is there, many are counted, and what stays needs no program."""

import base64
import queue
import re
import threading
import time
from html import unescape
from xml.etree import ElementTree

import pytest
import redis

from luffy_lesson import step5_reliable_queue, step7_retries
from luffy_lesson.classroom.experiments.worker_process import WorkerProcess
from luffy_lesson.classroom.watch.board import Board
from luffy_lesson.classroom.watch.events import Prefetched, Queued
from luffy_lesson.classroom.watch.live_map import LiveMap
from luffy_lesson.classroom.watch.map import draw_token
from luffy_lesson.classroom.watch.record import Record
from luffy_lesson.classroom.watch.shapes import element
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker

SVG = "{http://www.w3.org/2000/svg}"


class Gated(Worker):
    """Works until the test says so."""

    go = threading.Event()

    def perform(self, *args):
        assert self.go.wait(30)


class Quick(Worker):
    def perform(self, *args):
        return args


@pytest.fixture(autouse=True)
def gate(monkeypatch):
    monkeypatch.setattr(Gated, "go", threading.Event())
    yield Gated.go
    Gated.go.set()


@pytest.fixture
def on_map():
    boards = []

    def make(**options):
        boards.append(Board(view=LiveMap(), **options))
        return boards[-1]

    yield make
    for board in boards:
        board.close()


def picture(board):
    """The picture as it is, live or at last."""
    if found := re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', board.html):
        return base64.b64decode(found[1]).decode()
    return re.search("<svg.*</svg>", board.html)[0]


def words(board):
    """What is written on it."""
    texts = ElementTree.fromstring(picture(board)).iter(f"{SVG}text")
    return [unescape(text.text or "") for text in texts]


def drawn(board, state):
    """How many tokens of a state are drawn, but that of the legend."""
    first = element(draw_token(state, 0, 0)[0])
    look = re.search('rx=".*', first)[0]
    return picture(board).count(look) - 1


def shows(board, *texts):
    return set(texts) <= set(words(board))


def test_a_job_is_seen_to_wait_to_be_in_hand_and_to_be_done(on_map, gate, eventually):
    Luffy.backend = queue.Queue()
    board = on_map()
    for number in range(3):
        Gated.perform_queue(number)
    eventually(lambda: shows(board, "waiting 3", "in hand 0", "done 0") and drawn(board, "waiting") == 3)
    Processor.start(1)
    eventually(lambda: shows(board, "waiting 2", "in hand 1", "Processor 0 took Gated(0)."))
    assert (drawn(board, "waiting"), drawn(board, "in hand")) == (2, 1)
    gate.set()
    eventually(lambda: shows(board, "waiting 0", "in hand 0", "done 3", "Processor 0 finished Gated(2)."))
    assert drawn(board, "done") == 3


def test_what_is_prefetched_here_waits_to_the_backend_and_is_not_counted_twice():
    record, now = Record(follows=True), time.monotonic()
    record.take(Queued(now, 30, ["W(1)"] * 30))
    record.take(Prefetched(threading.Thread(name="Processor 0"), [b'{"worker": "W", "args": [1]}'] * 20, now))
    html, _ = LiveMap().draw(record, 30, 8, live=True)
    assert {"waiting 10", "prefetched 20"} <= set(re.findall("[a-z]+ [0-9]+", html))
    assert "waiting 30" not in html.partition("</desc>")[2]


def test_how_long_a_job_has_waited_is_seen_while_it_waits(on_map, eventually):
    Luffy.backend = queue.Queue()
    board = on_map()
    Gated.perform_queue(1)

    def oldest():
        return [float(text.split()[1]) for text in words(board) if text.startswith("oldest ")]

    eventually(oldest)
    (first,) = oldest()
    eventually(lambda: oldest()[0] >= first + 0.3)


def test_when_nothing_moves_it_is_not_drawn_again(on_map, eventually):
    shown = []
    Luffy.backend = queue.Queue()
    board = on_map(show=lambda html, text: shown.append(html))
    Processor.start(1)
    Quick.perform_queue(1)
    eventually(lambda: shows(board, "done 1"))
    draws = threading.Semaphore(0)
    view, inner = board._view, board._view.draw
    view.draw = lambda *args: draws.release() or inner(*args)
    for _ in range(6):
        assert draws.acquire(timeout=10)  # it has looked
    before = len(shown)
    for _ in range(5):
        assert draws.acquire(timeout=10)
    assert len(shown) == before


def test_of_a_thousand_jobs_some_are_drawn_and_all_are_counted(on_map, gate, join, eventually):
    Luffy.backend = queue.Queue()
    board = on_map()
    for number in range(1000):
        Gated.perform_queue(number)
    eventually(lambda: shows(board, "waiting 1000", f"+ {1000 - drawn(board, 'waiting')}"))
    assert 10 < drawn(board, "waiting") <= 100
    assert len(board.html) < 40_000
    gate.set()
    Processor.start(5)
    join(Luffy.backend)
    eventually(lambda: shows(board, "waiting 0", "done 1000"))
    board.close()
    assert shows(board, "waiting 0", "in hand 0", "done 1000")


@pytest.mark.parametrize("queued", [True, False])
def test_while_much_happens_it_is_drawn_less_often_and_then_as_before(on_map, eventually, queued):
    Luffy.backend = queue.Queue()
    board = on_map()
    for number in range(100 if queued else 0):
        Quick.perform_queue(number)
    every = []
    inner = board._view.draw

    def draw(*args):
        drawn = inner(*args)
        every.append(board._view.every)
        return drawn

    board._view.draw = draw
    Processor.start(1)
    for number in range(0 if queued else 100):
        Quick.perform_now(number)
    eventually(lambda: shows(board, "done 100") and every[-1] == 0.1)
    assert 0.2 in every


@pytest.fixture
def sent(redis_url, registry):
    Luffy.backend = step7_retries.RedisBackend()
    return type(
        "Sent", (step7_retries.Worker,), {"perform": lambda self, *args: None, "retries": 0, "__module__": "__main__"}
    )


def test_jobs_that_nobody_here_has_seen_come_are_counted_as_long_as_they_are_there(sent, raw, on_map, eventually):
    raw.lpush("luffy:queue", *["x"] * 7)
    raw.zadd("luffy:queue:dead", {"x": 1})
    board = on_map()
    assert shows(board, "waiting 7", "+ 7")
    eventually(lambda: shows(board, "+ 1"))
    sent.perform_queue(1)
    eventually(lambda: shows(board, "waiting 8"))
    raw.delete("luffy:queue", "luffy:queue:dead")
    eventually(lambda: shows(board, "waiting 0") and drawn(board, "waiting") == 0)


def test_a_dead_job_that_is_sent_back_is_seen_to_be_done_and_one_that_is_thrown_away_is_seen_no_more(
    sent, on_map, eventually
):
    def fail(self, *args):
        raise ValueError("no")

    board = on_map()
    mended, sent.perform = sent.perform, fail
    pool = step7_retries.Processor.start(1)
    sent.perform_queue(1)
    sent.perform_queue(2)
    eventually(lambda: shows(board, "dead 2") and drawn(board, "dead") == 2)
    sent.perform = mended
    thrown_away, sent_back = Luffy.backend.dead()
    Luffy.backend.requeue(sent_back)
    Luffy.backend.discard(thrown_away)
    eventually(lambda: shows(board, "dead 0", "done 1") and drawn(board, "dead") == 0)
    pool.stop(timeout=10)
    assert repr(board.journey()) == "A journey: 2 jobs: done 1, thrown away 1."
    (done,) = [job for job in board.journey().jobs if job.name == "Sent(1)"]
    assert [move.state for move in done.moves][-5:] == ["failed", "dead", "waiting", "in hand", "done"]


def test_a_server_that_is_away_is_said_and_so_is_its_return(server, registry, on_map, eventually, caplog):
    url = server.start()
    Luffy.backend = step7_retries.RedisBackend(redis.Redis.from_url(url))
    board = on_map()
    server.stop()
    eventually(lambda: any(text.startswith("How many wait is not known: ? (Connection") for text in words(board)))
    server.start()
    eventually(lambda: not any("not known" in text for text in words(board)))


def test_a_kill_is_seen_with_what_was_in_hand(redis_url, tmp_path, on_map, registry, eventually):
    (tmp_path / "workers.py").write_text(
        "import time\nfrom luffy_lesson.step5_reliable_queue import Worker\n"
        "class Long(Worker):\n    def perform(self, n):\n        time.sleep(60)\n"
    )
    Luffy.backend = step5_reliable_queue.RedisBackend()
    worker = type("Long", (step5_reliable_queue.Worker,), {"perform": lambda self, n: None, "__module__": "workers"})
    board = on_map()
    process = WorkerProcess(str(tmp_path / "workers.py"), 2, step=5, silent=True, watched=True)
    try:
        worker.perform_queue(1)
        eventually(lambda: shows(board, "in hand 1", "process 1"))
    finally:
        process.kill()
    eventually(lambda: shows(board, "process 1 was killed", "left behind 1"))
    assert shows(board, "Process 1 was killed, with 1 job in hand: in flight all the same.")


def test_what_stays_is_a_picture_without_a_program_and_its_counts_in_words(on_map, eventually):
    Luffy.backend = queue.Queue()
    board = on_map()
    Processor.start(1)
    Quick.perform_queue("<&>")
    eventually(lambda: shows(board, "done 1"))
    board.close()
    told = "A map: waiting 0, in hand 0, done 1."
    assert board.text == told
    source = r"data:image/svg\+xml;base64,[\w+/=]+"
    style = "max-width:100%;min-width:640px"
    assert re.fullmatch(f'<img class="luffy-map" src="{source}" alt="{re.escape(told)}" style="{style}">', board.html)
    assert shows(board, "Processor 0 finished Quick('<&>').", "done 1")


def test_another_backend_begins_a_map_of_its_own(on_map, redis_url, registry, eventually):
    Luffy.backend = queue.Queue()
    board = on_map()
    Gated.perform_queue(1)
    eventually(lambda: shows(board, "waiting 1", "queue"))
    Luffy.backend = step7_retries.RedisBackend()
    eventually(lambda: shows(board, "waiting 0", "luffy:queue", "dead set"))
