"""The experiment: sliders and buttons for a run of one's own, with what it should take beside what it takes."""

import contextlib
import contextvars
import math
import queue
import threading
import time
from typing import Any, ClassVar

import ipywidgets

from luffy_lesson.classroom.page.display import Display, as_html, show_widget
from luffy_lesson.classroom.page.predict import Prediction
from luffy_lesson.classroom.watch.board import Board
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.classroom.watch.labels import last_line
from luffy_lesson.classroom.watch.pools import at_work, quiet
from luffy_lesson.step3_memory_queue import Backend, Job, Pool, Processor, Worker

TEXT = "An experiment: sliders for processors, jobs and seconds a job, and Start and Stop."

LONGEST = 60
"""How long to wait for jobs in hand when stopped, in seconds."""


class Experiment:
    """A run that its sliders describe. A thread of its own does it, so that the kernel stays free.

    The sliders and buttons are a widget. What is measured, and the board, are shown below it, and stay in the notebook.
    """

    shown: "ClassVar[set[Experiment]]" = set()  # for `lesson.fresh()` to stop

    def __init__(
        self, worker: type[Worker], processor: type[Processor], backend: Backend, prediction: Prediction | None = None
    ) -> None:
        """Make the sliders and buttons; nothing runs yet. The arguments are those of `experiment`."""
        self._worker, self._processor, self._backend = worker, processor, backend
        self.prediction = prediction
        self._cell = owner.running()
        self._run: threading.Thread | None = None
        self._pool: Pool | None = None
        self._stopping = threading.Event()
        self._processors = ipywidgets.IntSlider(5, 1, 20, description="processors")
        self._jobs = ipywidgets.IntSlider(20, 1, 60, description="jobs")
        self._seconds = ipywidgets.FloatSlider(1, min=0.5, max=3, step=0.5, description="seconds", readout_format=".1f")
        self._start = ipywidgets.Button(description="Start", button_style="primary")
        self._stop = ipywidgets.Button(description="Stop", disabled=True)
        self._predicted = ipywidgets.HTML()
        self.measured = "measured: press Start"
        self.board: Board | None = None
        self._place = Display()
        sliders = [self._processors, self._jobs, self._seconds]
        rows = [ipywidgets.HBox(row) for row in (sliders, [self._start, self._stop, self._predicted])]
        self.widget = ipywidgets.VBox(rows)
        for slider in sliders:
            slider.observe(self._predict, "value")
        self._start.on_click(self._begin)
        self._stop.on_click(self._end)
        self._predict()
        Experiment.shown.add(self)

    def show(self) -> None:
        """Display it below the cell. What was predicted by then stays, as when it is compared."""
        if self.prediction and self.prediction.said:
            self.prediction.keep()
        show_widget(self.widget, TEXT)
        self._draw("", "")

    def stop(self) -> None:
        """End the run, and wait until it has ended. Without one, do nothing."""
        self._end()
        if self._run:
            self._run.join(LONGEST)

    def _end(self, _: Any = None) -> None:
        self._stopping.set()
        if self._pool:
            quiet(self._pool)

    def _predict(self, _: Any = None) -> None:
        rounds, seconds = math.ceil(self._jobs.value / self._processors.value), self._seconds.value
        self._predicted.value = (
            f"predicted: {self._jobs.value} jobs, {self._processors.value} at a time: {rounds} "
            f"round{'s' * (rounds > 1)} of {seconds:g} s = <b>{rounds * seconds:g} s</b>"
        )

    def _draw(self, html: str, text: str) -> None:
        """Show a board, as HTML and as text, below what is measured."""
        self._place.show(as_html(self.measured) + html, f"{self.measured}\n{text}".rstrip())

    def _begin(self, _: Any) -> None:
        """Start the run: a click, in the main thread."""
        if self._run and self._run.is_alive():
            return
        pool_class = getattr(self._backend, "Pool", Pool)  # a backend may bring one of its own
        pool = self._pool = pool_class(self._processor, self._processors.value, self._backend)
        self._stopping.clear()
        self._start.disabled, self._stop.disabled = True, False
        self.measured = "measured: nothing so far"
        board = self.board = Board(self._backend, self._cell, self._draw)
        seconds = self._seconds.value
        arguments = pool, board, self._jobs.value, int(seconds) if seconds.is_integer() else seconds
        context = contextvars.copy_context()  # in which ipykernel 7.0 keeps to which cell a display belongs
        self._run = threading.Thread(target=context.run, args=[self._perform, *arguments], name="Experiment")
        self._run.start()

    def _perform(self, pool: Pool, board: Board, jobs: int, seconds: float) -> None:
        """Do the run: the work of its thread."""
        owner.pin(self._cell)
        begin = time.monotonic()
        try:
            try:
                done = self._work(pool, board, jobs, seconds, begin)
                took = time.monotonic() - begin
            finally:
                pool.stop(LONGEST)
            with contextlib.suppress(queue.Empty):
                while True:
                    self._backend.get(block=False)
                    self._backend.task_done()
            if done == jobs:
                said = self.prediction and self.prediction.said
                beside = f", and you said {said}" if said else ""
                self.measured = f"measured: {jobs} jobs in {took:.1f} s{beside}"
            else:
                self.measured = f"stopped after {took:.1f} s: {len(board.jobs)} of {jobs} jobs were done"
        except Exception as error:  # of the server, or of a worker that cannot be found again: it is shown
            self.measured = f"✗ {last_line(error)}"
        finally:
            board.close()
            self._draw(board.html, board.text)
            if self.prediction:
                self.prediction.keep()
            self._start.disabled, self._stop.disabled = False, True

    def _work(self, pool: Pool, board: Board, jobs: int, seconds: float, begin: float) -> int:
        """Give the processors their jobs. Return how many are done when all are, or when it is stopped."""
        pool.start()
        for _ in range(jobs):
            self._backend.put(Job(self._worker, (seconds,)))
        while (done := len(board.jobs)) < jobs and at_work(pool) and not self._stopping.wait(0.1):
            self.measured = f"measured: {done} of {jobs} jobs in {time.monotonic() - begin:.1f} s so far"
        return done


def experiment(
    worker: type[Worker], processor: type[Processor], backend: Backend, prediction: Prediction | None = None
) -> None:
    """Display sliders and buttons that start processors and give them jobs: predicted time beside measured time.

    Args:
        worker: whose jobs; its `perform` takes the seconds.
        processor: the class of the processors.
        backend: where the jobs wait. It belongs to the experiment: what still waits there at the end is thrown away.
        prediction: what was predicted for it; it is shown beside what is measured.
    """
    Experiment(worker, processor, backend, prediction).show()
