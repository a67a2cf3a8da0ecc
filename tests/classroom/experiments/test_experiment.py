"""The experiment: what its buttons do, pressed from Python. A browser presses them in `tests/browser`."""

import queue
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from real_kernel import Kernel

from luffy_lesson import step4_redis_queue, step7_retries
from luffy_lesson.classroom import lesson
from luffy_lesson.classroom.experiments.experiment import TEXT, Experiment, experiment
from luffy_lesson.classroom.page.display import WIDGET
from luffy_lesson.classroom.page.predict import Prediction
from luffy_lesson.step3_memory_queue import Processor, Worker
from luffy_lesson.step4_redis_queue import RedisBackend


class Nap(Worker):
    naps: list[Any] = []
    go = threading.Event()

    def perform(self, seconds: float) -> None:
        Nap.naps.append(seconds)
        assert Nap.go.wait(20)


class Page:
    """What a person sees and touches of an experiment."""

    def __init__(self, shown: Experiment) -> None:
        self.experiment = shown
        sliders, buttons = shown.widget.children
        self.processors, self.jobs, self.seconds = sliders.children
        self.start, self.stop, self.predicted = buttons.children

    @property
    def measured(self) -> str:
        return self.experiment.measured

    def text(self) -> str:
        assert self.experiment.board
        return re.sub(r"<style>.*?</style>|<[^>]*>", " ", self.experiment.board.html, flags=re.DOTALL)


@pytest.fixture
def backend() -> "queue.Queue[Any]":
    return queue.Queue()


@pytest.fixture
def shown(backend: Any) -> Iterator[Experiment]:
    Nap.naps.clear()
    Nap.go.clear()
    shown = Experiment(Nap, Processor, backend)
    yield shown
    Nap.go.set()
    shown.stop()
    Experiment.shown.discard(shown)
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("Experiment", "Board")]


@pytest.fixture
def page(shown: Experiment) -> Page:
    return Page(shown)


@pytest.mark.parametrize(
    ("processors", "jobs", "seconds", "time"),
    [(5, 20, 1, "4 rounds of 1 s = <b>4 s</b>"), (6, 20, 1, "4 rounds"), (7, 20, 1, "3 rounds"), (20, 5, 1.5, "1.5 s")],
)
def test_the_prediction_follows_the_sliders(page, processors, jobs, seconds, time):
    page.processors.value, page.jobs.value, page.seconds.value = processors, jobs, seconds
    assert time in page.predicted.value


def test_a_run_does_all_jobs_and_says_how_long_they_took(page, eventually):
    Nap.go.set()
    page.jobs.value, page.seconds.value = 7, 0.5
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert re.fullmatch(r"measured: 7 jobs in \d+\.\d s", page.measured)
    assert Nap.naps == [0.5] * 7
    assert "done  7" in page.text()
    assert page.stop.disabled


@pytest.mark.parametrize(("chosen", "beside"), [(None, ""), ("4 s", ", and you said 4 s")])
def test_what_was_predicted_stands_beside_what_was_measured(shown, page, eventually, chosen, beside):
    shown.prediction = Prediction("4 s", "8 s")
    shown.prediction.choice.value = chosen
    Nap.go.set()
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert re.fullmatch(rf"measured: 20 jobs in \d+\.\d s{beside}", page.measured)


def test_whole_seconds_are_a_whole_number(page, eventually):
    Nap.go.set()
    page.jobs.value, page.seconds.value = 1, 2
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert repr(Nap.naps) == "[2]"


def test_the_button_returns_at_once_and_a_second_click_starts_nothing(page, eventually):
    page.processors.value = 3
    page.start.click()
    eventually(lambda: "in hand  3" in page.text())
    assert page.start.disabled
    page.start.click()
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("Experiment") == 1
    assert sum(name.startswith("Processor ") for name in names) == 3


def test_stop_finishes_the_jobs_in_hand_and_throws_the_others_away(page, backend, eventually):
    page.start.click()
    eventually(lambda: len(Nap.naps) == 5)
    page.stop.click()
    Nap.go.set()
    eventually(lambda: not page.start.disabled)
    assert len(Nap.naps) == 5
    assert re.fullmatch(r"stopped after \d+\.\d s: 5 of 20 jobs were done", page.measured)
    assert backend.qsize() == 0
    assert backend.unfinished_tasks == 0


def test_it_can_be_started_again_with_a_board_of_its_own(page, eventually):
    Nap.go.set()
    for jobs in (3, 4):
        page.jobs.value = jobs
        page.start.click()
        eventually(lambda: not page.start.disabled)
        assert f"done  {jobs}" in page.text()


def test_fresh_ends_it(page, eventually):
    page.start.click()
    eventually(lambda: len(Nap.naps) == 5)
    Nap.go.set()
    lesson.fresh(3)
    assert not page.start.disabled
    assert page.stop.disabled


def test_processors_that_are_stopped_from_outside_end_it(page, eventually):
    from luffy_lesson.classroom.watch import pools

    page.start.click()
    eventually(lambda: len(Nap.naps) == 5)
    Nap.go.set()
    pools.started[-1].stop(timeout=10)
    eventually(lambda: not page.start.disabled)


def test_an_error_of_the_backend_is_shown_and_nothing_is_left(eventually):
    class Full(queue.Queue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            raise ConnectionError("<no> server")

    shown = Experiment(Nap, Processor, Full())
    page = Page(shown)
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert page.measured == "✗ ConnectionError: <no> server"
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("Processor ")])
    Experiment.shown.discard(shown)


def test_it_works_on_redis(redis_url, registry, eventually):
    class Quick(step4_redis_queue.Worker):
        def perform(self, seconds: float) -> None:
            pass

    class OwnQueue(RedisBackend):
        key = "luffy:experiment"

    shown = Experiment(Quick, step4_redis_queue.Processor, OwnQueue())
    page = Page(shown)
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert page.measured.startswith("measured: 20 jobs")
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.keys() == []
    Experiment.shown.discard(shown)


def test_the_pool_is_that_of_the_backend_where_it_brings_one(redis_url, registry, eventually):
    type("Quick", (step7_retries.Worker,), {"perform": lambda self, seconds: None, "__module__": "__main__"})
    shown = Experiment(registry["Quick"], step7_retries.Processor, step7_retries.RedisBackend())
    page = Page(shown)
    page.start.click()
    eventually(lambda: not page.start.disabled)
    assert type(shown._pool) is step7_retries.RedisBackend.Pool
    assert page.measured.startswith("measured: 20 jobs")
    assert "dead  0" in page.text()
    Experiment.shown.discard(shown)


def test_processors_that_do_not_fit_the_backend_start_nothing(redis_url):
    shown = Experiment(Nap, Processor, step7_retries.RedisBackend())
    page = Page(shown)
    with pytest.raises(TypeError, match="processors of its own step"):
        shown._begin(None)
    assert (page.start.disabled, page.stop.disabled) == (False, True)
    Experiment.shown.discard(shown)


def test_it_is_displayed_with_a_text_for_where_there_are_no_widgets(monkeypatch, backend):
    displayed = []
    monkeypatch.setattr(sys.modules[Experiment.__module__], "show_widget", lambda *shown: displayed.append(shown))
    experiment(Nap, Processor, backend)
    (shown,) = [shown for shown in Experiment.shown if (shown.widget, TEXT) in displayed]
    Experiment.shown.discard(shown)


def test_what_was_measured_and_the_board_stay_in_the_notebook_without_a_widget():
    kernel = Kernel()
    try:
        kernel.run("""
            import queue
            from luffy_lesson.classroom import experiment, lesson, predict
            from luffy_lesson.classroom.experiments.experiment import Experiment
            from luffy_lesson.step3_memory_queue import Processor, Worker, say

            class Quick(Worker):
                def perform(self, seconds):
                    say("done")

            lesson.fresh(3)
            guess = predict("1 s", "4 s")
            guess.choice.value = "4 s"
        """)
        cell = kernel.run("experiment(Quick, Processor, queue.Queue(), guess)")
        begun = [message["content"]["data"] for message in kernel.messages if "update" in message["msg_type"]]
        assert [data["text/plain"] for data in begun] == ["I say:  ○ 1 s  ● 4 s"]  # also when nobody presses Start
        kernel.run("(shown,) = Experiment.shown; shown._start.click(); shown._run.join(20)")
    finally:
        kernel.close()
    shown = {}
    for message in kernel.messages:
        if message["msg_type"] in ("display_data", "update_display_data"):
            shown[message["content"]["transient"]["display_id"]] = message["content"]["data"]
    prediction, controls, measured = shown.values()
    assert prediction["text/plain"] == "I say:  ○ 1 s  ● 4 s"
    assert WIDGET in controls
    assert set(measured) == {"text/html", "text/plain"}
    assert re.match(r"measured: 20 jobs in 0\.\d s, and you said 4 s\n", measured["text/plain"])
    assert "✓ done <b>20</b>" in measured["text/html"]
    assert kernel.out[cell].count("done\n") == 20
