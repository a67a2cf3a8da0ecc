"""A run, wound back: a picture of each of its moments, with a slider, and buttons that go from event to event."""

from bisect import bisect_left, bisect_right
from typing import Any

import ipywidgets

from luffy_lesson.classroom.page.display import Display, as_html, show_widget
from luffy_lesson.classroom.watch.board import Board
from luffy_lesson.classroom.watch.journey import Journey
from luffy_lesson.classroom.watch.live_map import still

TICK = 0.025
"""So many seconds of the run are a step of the slider."""

EVERY = 0.1
"""How often a picture is drawn while it plays, in seconds."""

TRAVEL = 0.3
"""How many seconds of the run a job is on its way from place to place."""

SPEEDS = {"a quarter": 0.25, "half": 0.5, "as it was": 1.0, "twice": 2.0, "four times": 4.0}


class Replay:
    """A journey below a cell: it plays once; from then on it shows the moment that is chosen."""

    def __init__(self, journey: Journey) -> None:
        """Display it, with what it is moved by."""
        self.journey = journey
        self.at = 0.0
        self._index: int | None = -1  # of the event that is shown, of all moments; None when it is between two of them
        ticks = round((journey.end + TRAVEL) / TICK)
        self.play = ipywidgets.Play(max=ticks, interval=round(EVERY * 1000), show_repeat=False)
        self._hurry(1.0)
        # Its value is in seconds: that is what is read out to those who do not see it.
        self.slider = ipywidgets.FloatSlider(max=ticks * TICK, step=TICK, description="moment (s)", readout=False)
        self.speed = ipywidgets.Dropdown(options=SPEEDS, value=1.0, description="speed")
        self.back = ipywidgets.Button(description="◀ event", tooltip="to the event before")
        self.forth = ipywidgets.Button(description="event ▶", tooltip="to the next event")
        self._picture = Display()
        self._picture.show("", repr(journey), png=journey.apng())
        rows = [[self.play, self.slider, self.speed], [self.back, self.forth]]
        boxes = [ipywidgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]
        told = ipywidgets.HTML(
            as_html(repr(journey))
        )  # for those who do not see the moving picture, which says nothing
        self.widget = ipywidgets.VBox([told, *boxes])
        show_widget(self.widget, repr(journey))
        ways = (lambda ticks: ticks * TICK, _ticks)
        ipywidgets.link((self.play, "value"), (self.slider, "value"), transform=ways)
        self.slider.observe(self._slide, "value")
        self.speed.observe(lambda change: self._hurry(change["new"]), "value")
        self.back.on_click(lambda _: self.step(-1))
        self.forth.on_click(lambda _: self.step(1))

    def show(self, at: float, travel: float = 0.0) -> None:
        """Show a moment.

        Args:
            at: in seconds since the beginning.
            travel: how many seconds a job is on its way from place to place.
        """
        self._show(at, travel, None)

    def _show(self, at: float, travel: float, index: int | None) -> None:
        self.at, self._index = at, index
        told = None if index is None else index + 1
        picture = still(self.journey.svg(at, travel, told), f"After {at:.1f} s. {self.journey.tells(at, told)}")
        self._picture.show(picture, self.journey.words(at, told))

    def step(self, by: int) -> None:
        """Go to the next event, or with -1 to the one before. Those of one instant are told one by one."""
        moments = self.journey.moments
        if self._index is not None:
            index = self._index + by
        elif by > 0:
            index = bisect_right(moments, self.at, key=lambda entry: entry.at)
        else:
            index = bisect_left(moments, self.at, key=lambda entry: entry.at) - 1
        if 0 <= index < len(moments):
            self._show(moments[index].at, 0.0, index)
            self.slider.unobserve(self._slide, "value")
            self.slider.value = _ticks(self.at) * TICK
            self.slider.observe(self._slide, "value")

    def _slide(self, change: Any) -> None:
        if _ticks(change["new"]) != _ticks(self.at):  # else it has followed a step
            self.show(change["new"], TRAVEL)

    def _hurry(self, speed: float) -> None:
        self.play.step = round(speed * EVERY / TICK)

    def __repr__(self) -> str:
        return repr(self.journey)

    def _ipython_display_(self) -> None:
        """Do nothing: it is displayed."""


def _ticks(at: float) -> int:
    return round(at / TICK)


def replay(journey: Journey | None = None) -> Replay:
    """Display a run below the cell, and wind it back: it plays once, and a slider and buttons go to any moment.

    What stays in the notebook is a picture that moves without a kernel.

    Args:
        journey: the run; by default what was noted last by `record()`, or by a board.

    Raises:
        RuntimeError: when none was opened.
    """
    if journey is None and Board.last is None:
        raise RuntimeError("There is nothing to wind back yet: run some jobs within `with record():` first.")
    return Replay(journey or Board.last.journey())  # type: ignore[union-attr]
