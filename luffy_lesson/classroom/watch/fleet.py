"""The fleet: the dashboard in a notebook. Every queue and every process, live, with buttons for an operator."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import ipywidgets
from tornado.template import Template

from luffy_lesson.classroom.page.display import Display, as_html, stand_in
from luffy_lesson.classroom.watch.labels import last_line
from luffy_lesson.dashboard.snapshot import Kept, Snapshot, act, duration, kept, take
from luffy_lesson.step3_memory_queue import Luffy

EVERY = 0.5
"""How often it is drawn, in seconds."""

OFFERED = 20
"""How many dead jobs are offered to be retried or deleted: the latest."""

TEMPLATE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"), whitespace="oneline")


def draw(now: Snapshot) -> str:
    """Return a snapshot as HTML."""
    return TEMPLATE.generate(now=now, duration=duration).decode().strip()


def describe(now: Snapshot) -> str:
    """Return its counts as a line of text, for where there is no HTML."""
    queues = ", ".join(f"{queue.name} {queue.length}" for queue in now.queues)
    processes = f"{len(now.processes)} process{'es' * (len(now.processes) != 1)}"
    states = ", ".join(f"{name} {getattr(now, name)}" for name in ("scheduled", "retrying", "dead", "expired"))
    return f"A fleet: waiting {queues or 0}; {processes}, {now.busy} of {now.processors} processors busy; {states}."


class Fleet:
    """A live picture of all queues and processes, with buttons. There is one at a time."""

    open: "ClassVar[Fleet | None]" = None

    def __init__(self, backend: Any) -> None:
        """Display it below the cell. A thread of its own draws it until it is closed."""
        if not hasattr(backend, "processes"):
            raise TypeError(f"{backend!r} knows no processes: use the RedisBackend of step 10, or of a later step.")
        Fleet.close_open()
        self.backend = backend
        self._lock = threading.Lock()  # a click and the thread may draw at the same time
        self._closing = threading.Event()
        self._place = Display()
        self._picture, self._said = ipywidgets.HTML(), ipywidgets.HTML()
        self._processes, self._dead = map(choice, ("process", "dead"))
        self._buttons = [
            self._button("Quiet", self._processes),
            self._button("Retry", self._dead),
            self._button("Delete", self._dead),
        ]
        rows = [[self._processes, self._buttons[0]], [self._dead, *self._buttons[1:]]]
        self.widget = ipywidgets.VBox([self._picture, *map(ipywidgets.HBox, rows), self._said])
        self.html, self.text = "", ""  # as it was drawn last
        self._draw()
        html, text = stand_in(self.text)
        self._place.show(self.html + html, text, self.widget)
        self._thread = threading.Thread(target=self._run, name="Fleet")
        self._thread.start()
        Fleet.open = self

    @classmethod
    def close_open(cls) -> None:
        """Close the one that is live, if there is one."""
        if Fleet.open:
            Fleet.open.close()

    def close(self) -> None:
        """Draw it a last time. It stays as it is then, without its buttons. A second time does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join(timeout=10)  # longer than a server may take to answer
        Fleet.open = None
        self._draw()
        self._place.show(self.html, self.text)
        for widget in (*self._buttons, self._processes, self._dead, self._picture, self._said, self.widget):
            widget.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ipython_display_(self) -> None:
        """Do nothing: it is displayed."""

    def _button(self, name: str, choice: ipywidgets.Dropdown) -> ipywidgets.Button:
        def click(_: Any) -> None:
            if not self._closing.is_set():  # a click in a cell that runs may come when that has ended
                self._say(
                    lambda: act(self.backend, name.lower(), choice.value) if choice.value else "Choose one first."
                )
                self._draw()

        button = ipywidgets.Button(description=name, layout={"width": "7em"})
        button.on_click(click)
        return button

    def _say(self, what: Callable[[], str]) -> None:
        """Show what `what` returns, or why it could not."""
        try:
            said = what()
        except Exception as error:  # of the server: it is shown
            said = f"✗ {last_line(error)}"
        self._said.value = as_html(said)

    def _run(self) -> None:
        while not self._closing.wait(EVERY) and threading.main_thread().is_alive():
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            try:
                now, dead = take(self.backend), kept(self.backend, "dead", most=OFFERED)
            except Exception as error:  # a server that is away: it is shown
                self._picture.value = self.html + as_html(f"✗ {last_line(error)}")
                return
            self.html, self.text = draw(now), describe(now)
            self._picture.value = self.html
            choose(self._processes, [(one.name, one.key) for one in now.processes if not one.quiet])
            choose(self._dead, [(named(one), one.key) for one in dead])


def choice(name: str) -> ipywidgets.Dropdown:
    """Return something to choose from."""
    return ipywidgets.Dropdown(description=name, layout={"width": "34em"})


def choose(choice: ipywidgets.Dropdown, options: list[tuple[str, str]]) -> None:
    """Let there be these options. When the chosen one is gone, none is: the next one might be taken for it."""
    offered = (("choose one" if options else "there is none", None), *options)
    if choice.options != offered:
        before, values = choice.value, [value for _, value in offered]
        with choice.hold_sync():  # a page shows at no moment that nothing is chosen
            choice.options = offered
            choice.index = values.index(before) if before in values else 0


def named(dead: Kept) -> str:
    """Return what to call a dead job, with the reason."""
    return f"{dead.job}: {dead.error}"


def fleet(backend: Any = None) -> Fleet:
    """Display all queues and processes below the cell, and return the picture: `with fleet(): …`, or until `close()`.

    It is the dashboard in a notebook: what waits, who is at work on what, what is scheduled, tried again or dead; with
    buttons that quiet a process, and retry or delete a dead job. Opening another closes it.

    Args:
        backend: by default `Luffy.backend`.

    Raises:
        TypeError: when the backend is of a step that knows no processes.
    """
    return Fleet(backend or Luffy.backend)
