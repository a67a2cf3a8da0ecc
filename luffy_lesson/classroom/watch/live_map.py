"""The map, live: where each job is while a run goes on."""

import time
from base64 import b64encode
from collections import Counter, deque
from html import escape

from luffy_lesson.classroom.watch.board_html import stale
from luffy_lesson.classroom.watch.map import IN_FLIGHT, Map, Places
from luffy_lesson.classroom.watch.record import Record
from luffy_lesson.classroom.watch.scene import Scene, Story, Where
from luffy_lesson.classroom.watch.sentences import LATEST, NOTHING, SAYS, Said, says
from luffy_lesson.classroom.watch.shapes import NARROW, svg

EVERY = 0.1
"""How often it is drawn at most, in seconds: often enough to see a job on its way."""

TRAVEL = 0.3
"""How many seconds a job is on its way from place to place."""

BUSY = 50
"""When more jobs a second are begun, nobody could follow them: it is drawn less often, and each is where it is."""

SURE = 1.0
"""For how many seconds the backend has to say that there are other jobs than were seen: it is asked a bit before."""

SETS = ("waiting", "scheduled", "retrying", "dead")
"""The states of which the backend knows how many jobs there are."""

ON_THE_WAY = {"waiting", "prefetched", "scheduled", "in hand", "left behind", "retrying"}
"""The states of jobs of which more will be heard."""


class LiveMap:
    """A view of a board: the map of the system, on which each job is seen where it is."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.every = EVERY
        self._begin(None)

    def _begin(self, step: int | None) -> None:
        self._step = step
        self._places = Places()
        self._story = Story(step is not None and step >= IN_FLIGHT)
        self._said = deque([Said(0.0, NOTHING)], maxlen=LATEST)
        self._last = 0.0  # when something has happened
        self._arrived = 0.0  # who has left before is there: too much went on
        # How many jobs the backend has, lately, beside those that were seen here; below 0, some of those are gone.
        self._beside: deque[tuple[float, dict[str, int]]] = deque()

    def draw(self, record: Record, waiting: int | str, step: int, live: bool) -> tuple[str, str]:
        """Return what is there to see now, as HTML and as text.

        Args:
            record: the facts.
            waiting: how many jobs wait; or why that is not known.
            step: whose backend it is.
            live: whether more news will come.
        """
        if step != self._step:
            self._begin(step)
        begun = self._take(record)
        scene = self._scene(record, waiting)
        said = [*self._said]
        if not isinstance(waiting, int):
            said = [*said[1 - LATEST :], Said(scene.at, f"How many wait is not known: {waiting}")]
        map = Map(self._places, step)
        told = f"A map: {', '.join(f'{state} {number}' for state, number in map.counts(scene).items())}."
        if begun > BUSY * self.every:
            self.every, self._arrived = 2 * EVERY, scene.at
        else:
            self.every = EVERY
        shapes = map.draw(scene, said, None, TRAVEL if live else 0.0, self._arrived)
        image = svg(shapes, map.width, map.height, f"After {scene.at:.1f} s", f"{said[-1].words} {told}")
        return f'<div class="luffy-map">{image}</div>{stale()}' if live else still(image, told), told

    def _take(self, record: Record) -> int:
        """Let happen what has happened since. Return how many jobs were begun."""
        news = sorted(record.take_news(), key=lambda entry: entry.at)
        for entry in news:
            self._places.take(entry)
            self._story.take(entry)
            self._last = entry.at
        told = [entry for entry in self._story.told if entry.what in SAYS]
        for entry in sorted(told, key=lambda entry: entry.at)[-LATEST:]:
            if self._said[-1].words == NOTHING:
                self._said.clear()
            had = self._story.had.get((entry.at, entry.process), Counter())
            self._said.append(Said(entry.at, says(entry, had, self._story.keeps)))
        self._story.forget(self._last)
        return sum(entry.what in ("fetched", "called") for entry in news)

    def _scene(self, record: Record, waiting: int | str) -> Scene:
        """Return where jobs are, as it was seen here; but how many there are, the backend knows."""
        at_rest = not ON_THE_WAY & self._story.now(0.0).counts().keys()
        now = time.monotonic() - record.opened
        scene = self._story.now(min(now, self._last + TRAVEL) if at_rest else now)
        more, gone = Counter(scene.more), Counter[str]()
        for state, beside in self._look_beside(scene, {"waiting": waiting, **record.states.sizes}, now).items():
            more[Where(state)] += max(min(beside), 0)
            gone[state] = max(-max(beside), 0)
        tokens = []
        for token in scene.tokens:
            if gone[token.now.state]:
                gone[token.now.state] -= 1
            else:
                tokens.append(token)
        return scene._replace(tokens=tokens, more=more)

    def _look_beside(self, scene: Scene, has: dict[str, int | str], now: float) -> dict[str, list[int]]:
        """Return how many jobs the backend has lately had in each state beside those that were seen here."""
        counts = scene.counts()
        sets = {state: size for state in SETS if isinstance(size := has.get(state), int)}
        # What this process has prefetched waits, to the backend.
        here = [token.now.process for token in scene.tokens if token.now.state == "prefetched"].count("")
        here += sum(scene.more[where] for where in scene.more if where.state == "prefetched" and not where.process)
        if here and "waiting" in sets:
            sets["waiting"] -= here
        self._beside.append((now, {state: size - counts.get(state, 0) for state, size in sets.items()}))
        while self._beside[0][0] < now - SURE:
            self._beside.popleft()
        return {state: [numbers.get(state, 0) for _, numbers in self._beside] for state in sets}


def still(image: str, says: str) -> str:
    """Return a picture that stays, as HTML that is shown also where no program is trusted."""
    data = b64encode(image.encode()).decode()
    style = f"max-width:100%;min-width:{NARROW}px"
    return f'<img class="luffy-map" src="data:image/svg+xml;base64,{data}" alt="{escape(says)}" style="{style}">'
