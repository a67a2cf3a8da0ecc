"""The board: watch processors at work, live."""

import contextvars
import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from luffy_lesson.classroom.page.display import Display
from luffy_lesson.classroom.watch import hooks, pools
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.board_html import describe, draw
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.classroom.watch.events import Began, Ended, Event, Started, events
from luffy_lesson.classroom.watch.journey import Journey
from luffy_lesson.classroom.watch.labels import last_line
from luffy_lesson.classroom.watch.live_map import LiveMap
from luffy_lesson.classroom.watch.record import JobRecord, Record, States
from luffy_lesson.step3_memory_queue import Backend, Luffy

if TYPE_CHECKING:
    from luffy_lesson.classroom.watch.timeline import Timeline

log = logging.getLogger(__name__)
MAIN = threading.main_thread()
EVERY = 0.2
"""How often a board is drawn at most, in seconds: often enough to see it move, and to cost the jobs next to nothing."""

MOST = 5
"""How many boards are live at most: opening one more closes the oldest."""


class View(Protocol):
    """How a board looks."""

    every: float
    """How often it is drawn at most, in seconds."""

    def draw(self, record: Record, waiting: "int | str", step: int, live: bool) -> tuple[str, str]:
        """Return what there is to see, as HTML and as text.

        Args:
            record: the facts.
            waiting: how many jobs wait; or why that is not known.
            step: whose backend it is.
            live: whether more news will come.
        """


class Lanes:
    """A lane for each thread, and counts."""

    every = EVERY

    def draw(self, record: Record, waiting: "int | str", step: int, live: bool) -> tuple[str, str]:
        """Return them, as HTML and as text."""
        return draw(record, waiting, live), describe(record, waiting)


class Board:
    """A live picture of jobs and of the threads that perform them."""

    open: "ClassVar[tuple[Board, ...]]" = ()  # the live ones, the oldest first
    last: "ClassVar[Board | None]" = None
    _listing = threading.Lock()  # JupyterLab calls what belongs to a button in a thread of its own

    def __init__(
        self,
        backend: Backend | None = None,
        cell: Any = None,
        show: Callable[[str, str], object] = lambda *_: None,
        view: View | None = None,
    ) -> None:
        """Open a board. It is drawn by a thread of its own until it is closed, or the program's main thread has ended.

        Args:
            backend: whose waiting jobs are counted; by default that of `Luffy.backend`, at every moment.
            cell: the message that ran the cell to which the lines of processors belong; by default the running one.
            show: is called with the board, as HTML and as text, whenever it has changed.
            view: how it looks; by default it has a lane for each thread.

        Raises:
            RuntimeError: when `lesson.fresh()` was not run in this notebook: without the hooks there is nothing to see.
        """
        if not hooks.installed():
            raise RuntimeError("Nobody watches yet. In a notebook, `lesson.fresh(…)` begins that: run the first cell.")
        owner.claim(cell)
        for board in [board for board in Board.open if not board.live]:
            board.close()
        for board in Board.open[: max(0, len(Board.open) - MOST + 1)]:
            board.close()
        self._backend = backend
        self._view = view or Lanes()
        self._record = Record(follows=view is not None)
        self._states = States()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._noting = threading.Lock()
        self._rests = 0  # how many times in a row all was done
        self._left = False  # the `with` block has ended
        self._finishing = False  # and what begins now belongs to a later board
        self._closing = threading.Event()
        self._show = show
        self.html = self.text = ""  # as it was drawn last
        self._seen = True  # it was drawn when it was to be
        context = contextvars.copy_context()  # in which ipykernel 7.0 keeps to which cell a display belongs
        self._thread: threading.Thread = threading.Thread(
            target=context.run, args=[self._run, owner.cell], name="Board"
        )
        for board in Board.open:
            board._finish()
        try:
            events.listen(self._events.put)
            for pool in filter(pools.at_work, pools.started):
                self._record.take(Started([processor.thread for processor in pool.processors], processors=True))
            for began in events.begun.copy().values():
                self._record.take(began)
            self._draw()
            self._thread.start()
        except BaseException:
            events.forget(self._events.put)
            raise
        with Board._listing:
            Board.open = (*Board.open, self)
            Board.last = self

    @property
    def live(self) -> bool:
        """Whether it is still drawn."""
        return self._thread.is_alive()

    @property
    def jobs(self) -> list[JobRecord]:
        """The jobs that are finished, in the order in which they were; the last 10,000. Each try of a job is one."""
        with self._noting:
            self._note()
            return list(self._record.jobs)

    def journey(self) -> Journey:
        """Return what has happened so far, from the first event on, to be kept and wound back."""
        with self._noting:
            self._note()
            return Journey.begun(self._record.entries, step_of(self._its_backend()), self._record.cut)

    def timeline(self) -> "Timeline":
        """Return a picture of what has happened so far, a matplotlib figure: a row a lane, and a bar a job."""
        # matplotlib takes a while to import: the first time on a machine some seconds, and it would say so on stderr.
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        from luffy_lesson.classroom.watch.timeline import Timeline

        with self._noting:
            self._note()
            return Timeline(self._record)

    def close(self) -> None:
        """Draw the board a last time. It stays as it is then. A second time does nothing."""
        self._closing.set()
        self._thread.join(timeout=5)  # longer than a backend may take to say how many wait
        with Board._listing:
            Board.open = tuple(board for board in Board.open if board is not self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the board when all is done.

        Until then it stays live: while jobs of the block are in hand, and while jobs wait, are in flight, scheduled or
        to be tried again, for processors that run. When another board is opened, it takes no notice of new jobs.
        """
        self._left = True
        if self._all_done(self._waiting()) or self._all_done(self._waiting()):
            self.close()

    def __repr__(self) -> str:
        with self._noting:
            self._note()
            return f"<Board: {self._record.done} done, {self._record.failed} failed>"

    def _run(self, cell: object) -> None:
        owner.pin(cell)
        try:
            while not self._closing.wait(self._view.every) and threading.main_thread().is_alive():
                waiting = self._draw()
                if self._left and self._all_done(waiting):
                    break
        finally:
            events.forget(self._events.put)
        if threading.main_thread().is_alive():
            self._draw(live=False)

    def _draw(self, live: bool = True) -> "int | str":
        waiting = self._waiting()
        with self._noting:
            self._note()
            self._record.sample(waiting, self._states)
            html, text = self._view.draw(self._record, waiting, step_of(self._its_backend()), live)
        if html != self.html:
            try:
                self._show(html, text)
            except Exception:  # of the way to the front end: what happens is noted all the same, and drawn later
                if self._seen:
                    log.warning("The board could not be drawn", exc_info=True)
                self._seen = False
            else:
                self.html, self.text, self._seen = html, text, True
        return waiting

    def _note(self) -> None:
        events, take = self._events, self._record.take
        while not events.empty():
            event = events.get()
            if not self._finishing or isinstance(event, Ended) or self._awaited(event):
                take(event)

    def _finish(self) -> None:
        """When the block was left, take no notice of new jobs from now on: they belong to a board that is opened."""
        with self._noting:
            self._note()
            self._finishing = self._left

    def _awaited(self, event: Event) -> bool:
        lane = self._record.lanes.get(event.thread) if isinstance(event, Began) else None
        return lane is not None and not lane.processor

    def _its_backend(self) -> Any:
        return Luffy.backend if self._backend is None else self._backend

    def _waiting(self) -> "int | str":
        backend, at = self._its_backend(), time.monotonic()
        try:
            waiting, self._states = (0, States()) if backend is None else States.ask(backend)
        except Exception as error:  # a server that is away, a backend that a learner has begun to write: it is shown
            self._states = self._states.unknown(backend)
            return f"? ({last_line(error)})"
        if waiting == 0:
            backlog.empty(backend, at)
        return waiting

    def _all_done(self, waiting: "int | str") -> bool:
        """Whether all is done; of a backend with several places twice in a row: a job may move while it counts."""
        self._rests = self._rests + 1 if self._seems_done(waiting) else 0
        return self._rests > bool(self._states.sizes)

    def _seems_done(self, waiting: "int | str") -> bool:
        expects = backlog.expects()  # asked first: a job that is expected no more is in hand
        with self._noting:
            self._note()
            lanes = list(self._record.lanes.values())
        if any(lane.begun or not (lane.processor or lane.over) for lane in lanes if lane.thread is not MAIN):
            return False
        rests = waiting == 0 and not expects and not self._states.pending()
        return self._finishing or rests or not any(map(pools.at_work, pools.started))


def step_of(backend: Any) -> int:
    """Return whose backend it is: the number of the step, or of the one that it is made from."""
    modules = [kind.__module__ for kind in type(backend).__mro__]
    return next((int(found[1]) for module in modules if (found := re.match(r"luffy_lesson\.step(\d+)_", module))), 3)


def watch(backend: Backend | None = None, on_map: bool = False) -> Board:
    """Display a live board below the cell, and return it: `with watch(): …`, or `board = watch()` until `close()`.

    A lane for each processor and each thread of `perform_async` shows the job in hand and how long it has been at it.
    The bar fills where the worker says how long a job takes: by a parameter of its `perform` that is called `seconds`,
    or by an attribute of that name.

    Args:
        backend: whose waiting jobs are counted; by default that of `Luffy.backend`, at every moment.
        on_map: whether to show the map of the system instead, on which each job goes its way: from step 3 on.
    """
    return Board(backend, show=Display().show, view=LiveMap() if on_map else None)


def record(backend: Backend | None = None) -> Board:
    """Note what happens as a board does, and show nothing: `with record(): …`, to be wound back by `replay()`.

    What happens to jobs in a worker process is noted when that was started with `watched=True`.

    Args:
        backend: whose it is that is noted; by default that of `Luffy.backend`.
    """
    return Board(backend)


def timeline() -> "Timeline":
    """Return the picture of what the board that was opened last has seen.

    Raises:
        RuntimeError: when none was opened.
    """
    if Board.last is None:
        raise RuntimeError("There is nothing to show yet: run some jobs within `with watch():` first.")
    return Board.last.timeline()
