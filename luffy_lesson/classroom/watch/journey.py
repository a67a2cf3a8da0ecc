"""A journey: the recording of a run, of one process or of several, that can be kept and wound back."""

import json
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from luffy_lesson.classroom.watch.entry import LONGEST, Entry, fields
from luffy_lesson.classroom.watch.map import IN_FLIGHT, Map, Places
from luffy_lesson.classroom.watch.scene import NOWHERE, Scene, Story, Traveller
from luffy_lesson.classroom.watch.sentences import LATEST, NOTHING, SAYS, Said, counted, says
from luffy_lesson.classroom.watch.shapes import svg

VERSION = 1

MOST = 10_000
"""How many entries a journey has at most: the first ones."""


class Journey:
    """What has happened to the jobs of a run, from its beginning.

    As a file it is JSON lines, in UTF-8. The first is `{"journey": 1, "step": 5, "cut": false}`: the version of the
    form, the step whose backend it was, and whether more has happened than is told. Each other line is an `Entry`:
    `{"at": 0.52, "what": "fetched", "job": "VeryHeavyService(3)", "process": "process 1", "processor": "Processor 0"}`.
    Fields and events that are not known here are left alone.
    """

    def __init__(self, entries: Iterable[Entry], step: int = 3, cut: bool = False) -> None:
        """Make a journey of what has happened, in any order.

        Args:
            entries: the first 10,000 are used.
            step: whose backend it was; that of the standard library has 3.
            cut: whether more has happened.
        """
        every = sorted(entries, key=lambda entry: entry.at)
        self.entries = every[:MOST]
        self.step, self.cut = step, cut or len(every) > MOST
        self.end = self.entries[-1].at if self.entries else 0.0
        """When the last one was, in seconds."""

    @classmethod
    def begun(cls, entries: Iterable[Entry], step: int, cut: bool) -> Self:
        """Return a journey that begins with the first event that there is something to say of."""
        entries = list(entries)
        begin = min([entry.at for entry in entries if entry.what in SAYS], default=0.0)
        return cls([entry.after(begin) for entry in entries], step, cut)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the journey that is kept in a file.

        Raises:
            OSError: when the file cannot be read.
            ValueError: when it is no journey; it names the line. Lines after the ten thousandth are not looked at.
        """
        entries = []
        with open(path, encoding="utf-8", errors="replace") as file:
            head = _head(file.readline(LONGEST + 1), path)
            for number in range(2, MOST + 2):
                line = file.readline(LONGEST + 1)
                if not line:
                    break
                try:
                    entries.append(Entry.read(line))
                except ValueError as error:
                    raise ValueError(f"Line {number} of {path} is no line of a journey: {error}.") from None
            return cls(entries, head["step"], bool(head.get("cut") or file.read(1)))

    def save(self, path: str | Path) -> None:
        """Keep the journey in a file, in place of what was there. Raise OSError when that cannot be written."""
        head = {"journey": VERSION, "step": self.step, "cut": self.cut}
        lines = [json.dumps(head), *[entry.line() for entry in self.entries], ""]
        Path(path).write_text("\n".join(lines), encoding="utf-8")

    @cached_property
    def _story(self) -> Story:
        story = Story(self.step >= IN_FLIGHT)
        for entry in self.entries:
            story.take(entry)
        return story

    @cached_property
    def jobs(self) -> list[Traveller]:
        """All jobs, in the order in which they were first seen."""
        return list(self._story.jobs.values())

    @cached_property
    def moments(self) -> list[Entry]:
        """The events that there is something to say of, in the order of time."""
        return sorted([entry for entry in self._story.told if entry.what in SAYS], key=lambda entry: entry.at)

    @cached_property
    def map(self) -> Map:
        """Where everything has its place."""
        places = Places()
        for entry in self.entries:
            places.take(entry)
        return Map(places, self.step)

    def scene(self, at: float) -> Scene:
        """Return where every job is at a moment.

        Args:
            at: in seconds since the beginning.
        """
        return Scene(at, [token for job in self.jobs if (token := job.at(at))])

    def words(self, at: float, told: int | None = None) -> str:
        """Return in a sentence what happened last at a moment; the arguments are those of `said`."""
        return self.said(at, told)[-1].words

    def said(self, at: float, told: int | None = None) -> list[Said]:
        """Return what happened last at a moment, in some sentences; the latest is at the end.

        Args:
            at: in seconds since the beginning.
            told: how many of the `moments` are told; by default all until then, also those at the same instant.
        """
        if told is None:
            told = bisect_right(self.moments, at, key=lambda entry: entry.at)
        latest = self.moments[max(told - LATEST, 0) : told]
        return [Said(entry.at, self.says(entry)) for entry in latest] or [Said(0.0, NOTHING)]

    def says(self, entry: Entry) -> str:
        """Return an event in a sentence."""
        return says(entry, self._story.had.get((entry.at, entry.process), {}), self.step >= IN_FLIGHT)

    def svg(self, at: float, travel: float = 0.0, told: int | None = None) -> str:
        """Return the picture of a moment, as SVG.

        Args:
            at: in seconds since the beginning.
            travel: how many seconds a job is on its way from place to place.
            told: of how many of the `moments`; see `said`.
        """
        shapes = self.map.draw(self.scene(at), self.said(at, told), self.end, travel)
        return svg(shapes, self.map.width, self.map.height, f"After {at:.1f} s", self.tells(at, told))

    def tells(self, at: float, told: int | None = None) -> str:
        """Return what the picture of a moment shows, for those who do not see it; the arguments are those of `said`."""
        counts = ", ".join(f"{state} {number}" for state, number in self.scene(at).counts().items())
        return f"{self.words(at, told)} {counts or 'no jobs'}."

    def apng(self) -> bytes:
        """Return the journey as a picture that moves: an animated PNG, which plays once, for ten seconds at most."""
        from luffy_lesson.classroom.watch.apng import animate  # here, for its font takes a while to import

        def picture(at: float, travel: float) -> Any:
            return self.map.draw(self.scene(at), self.said(at), self.end, travel)

        # Of a thousand jobs a hundred pictures, and of more jobs fewer, so that it takes seconds at most.
        most = 100_000 // max(len(self.jobs), 1_000)
        return animate(picture, self.end, self.map.width, self.map.height, most)

    def __repr__(self) -> str:
        counts = self.scene(self.end).counts()
        left = sum(move.state == "left behind" for job in self.jobs for move in job.moves)
        gone = sum(job.moves[-1].state == NOWHERE for job in self.jobs)
        told = [f"{state} {number}" for state, number in counts.items()]
        told += [f"{NOWHERE} {gone}"] * bool(gone) + [f"once left behind {left}"] * bool(left)
        return f"A journey: {counted(len(self.jobs), 'job')}{': ' * bool(told)}{', '.join(told)}."

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"image/png": self.apng(), "text/plain": repr(self)}


def _head(line: str, path: str | Path) -> dict[str, Any]:
    try:
        head = fields(line)
    except ValueError as error:
        raise ValueError(f"Line 1 of {path} is not the head of a journey: {error}.") from None
    if head.get("journey") != VERSION:
        raise ValueError(f'Line 1 of {path} must say {{"journey": {VERSION}, …}}: it is no journey of this version.')
    if not isinstance(head.get("step"), int):
        raise ValueError(f'Line 1 of {path} must say of which step it is: {{"journey": {VERSION}, "step": 5}}.')
    return head
