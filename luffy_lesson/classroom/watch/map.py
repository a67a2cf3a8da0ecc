"""The map: everything has its place on it, the same in every lesson, and each job is a token that goes its way.

What is there depends on the step: the server around the queue, the lists in flight, the sets. How large it is depends
on the whole journey, so that nothing jumps; of one that goes on, on what there was up to now: it grows when a process
joins, or a queue. At rest it is the diagram of a lesson: it has words on its ways, and what the lesson adds has thick
lines.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from luffy_lesson.classroom.page.palette import FAIL, INK, PALE, PAPER, WAIT, WORK
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.scene import STATES, Scene, Token
from luffy_lesson.classroom.watch.sentences import LATEST, Said, counted
from luffy_lesson.classroom.watch.shapes import GREY, LIGHT, SHADE, WHITE, Box, Line, Point, Shape, Words, arrow

MEMORY, SERVER, IN_FLIGHT, SCHEDULED, RETRIES, BATCHES, QUEUES, PROCESS = range(3, 11)
"""The first steps that have these."""

SINCE = {"scheduled": SCHEDULED, "retrying": RETRIES, "dead": RETRIES, "prefetched": BATCHES}
"""The first steps in which a job can be this."""

NAMES = {"scheduled": "scheduled set", "retrying": "retry set", "dead": "dead set"}

MOST_LANES = 12
"""With more processors than these, those of a process share a row."""

MOST_QUEUES = 6
"""With more queues than these, the last ones share a place."""

TRAVELLERS = 20
"""How many jobs are seen at most on their way to a place: those that come together are on top of each other."""

COUNTS = 6
"""How many counts are side by side at most."""

OLD = 5.0
"""After how many seconds of waiting the bar of a token is full."""

WIDTH, LEFT, TOP = 940, 18, 22
ROW, PITCH = 34, 26
"""From a row to the next one at least, and from token to token."""

PROGRAM = Box(LEFT, TOP, 108, 0, 10, SHADE, PALE)
CALLER = Box(LEFT + 8, 0, 92, 36, 18)
TURN, SIDE_TURN = 176, 142
"""Where ways from a caller turn: to a queue, and to the scheduled set."""

REDIS = Box(226, TOP, 460, 0, 10, SHADE, PALE)
QUEUE = Box(238, TOP + 34, 164, 0, 8)
BUS = 438
"""Where ways from a queue turn to the processors."""

TRUNK = 384
"""Where ways lead back to the queue from below."""

LISTS = Box(474, TOP + 6, 204, 0, 10, SHADE, PALE)
LIST = Box(482, 0, 188, 28, 6)
PROCESSES = Box(752, TOP, WIDTH - LEFT - 752, 0, 10, SHADE, PALE)
PROCESSOR = Box(760, 0, 154, 28, 14)
OUTSIDE = Box(790, 0, 114, 44, 22)
"""Where these are: the program, a caller in it, the server, a queue in it, the lists in flight and one of them, a
process and a processor in it, and who is outside. What is 0 depends on how much there is."""

GAP = 719
"""The middle between the server and the processes."""

BELOW = 58
"""How much room ways have between the lists and the sets."""


class Area(NamedTuple):
    """Where tokens of a kind are, in rows."""

    x: int
    y: int
    columns: int
    rows: int = 1
    step: int = PITCH  # to the next one; below 0, the first is at the right
    tells: bool = True  # whether the last seat tells how many more there are

    @property
    def seats(self) -> int:
        """How many tokens have a place."""
        return self.columns * self.rows

    def seat(self, index: int) -> Point:
        """Return where the corner of a token is; those for whom there is no room are where the last one is."""
        row, column = divmod(min(index, self.seats - 1), self.columns)
        return self.x + self.step * column, self.y + 21 * row


class Lane(NamedTuple):
    """A row: a processor, or all of a process."""

    process: str
    name: str
    y: int
    takes: bool  # whether it takes jobs from the queue
    processors: int = 1

    @property
    def middle(self) -> int:
        """The middle of the row."""
        return self.y + 14


class Way(NamedTuple):
    """An arrow: the way of a job, or of what is said about it, from the edge of a place to that of another."""

    since: int
    """The step that adds it."""
    points: list[Point]
    label: str = ""
    at: Point = (0, 0)
    """Of the label's first line."""
    anchor: str = "middle"
    ink: str = ""
    head: bool = True


class Life(NamedTuple):
    """From when to when a process was there."""

    begin: float
    end: float
    how: str


ALWAYS = Life(0.0, math.inf, "")


class Crowd(NamedTuple):
    """Who is in a place."""

    tokens: list[Token]  # of some, in the order in which it is their turn
    states: Counter[str]  # of all


NOBODY = Crowd([], Counter())


class Places:
    """What there has to be room for."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.happens = set[str]()
        self.lives: dict[str, Life] = {}
        self.queues: dict[str, None] = {}
        """In the order in which they were first seen; nothing stands for that of who names none."""
        self._processors: dict[str, dict[str, bool]] = {}

    def take(self, entry: Entry) -> None:
        """Note what has happened."""
        self.happens.add(entry.what)
        if entry.what in ("queued", "scheduled", "fetched", "prefetched", "put back", "requeued"):
            self.queues[entry.queue] = None
        match entry.what:
            case "started" | "fetched" | "prefetched":
                self._processors.setdefault(entry.process, {})[entry.processor] = True
            case "called":
                self._processors.setdefault(entry.process, {}).setdefault(entry.processor, False)
            case "ready":
                processors = {f"Processor {number}": True for number in range(min(entry.number, 1000))}
                self._processors.setdefault(entry.process, {}).update(processors)
                self.lives[entry.process] = Life(entry.at, math.inf, "")
            case "ended" | "killed" if entry.process:
                before = self.lives.get(entry.process, ALWAYS)
                self.lives[entry.process] = Life(before.begin, entry.at, entry.what)

    def of_processors(self) -> dict[str, dict[str, bool]]:
        """Return for each process, the own one first, its threads, and whether they take jobs from the queue."""
        return dict(sorted(self._processors.items(), key=lambda item: item[0] != ""))


class Map:
    """Where everything is, and how a scene looks on it."""

    def __init__(self, places: Places, step: int) -> None:
        """Make room for all that happens in a journey with the backend of a step."""
        self.step = step
        self.width = WIDTH
        self._lives = places.lives
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._frames: dict[str, Box] = {}  # of processes
        end = self._put_lanes(places.of_processors())
        self._rows = list(dict.fromkeys(self._lanes.values()))
        names = list(places.queues) or [""] if step >= QUEUES else [""]
        count = min(len(names), MOST_QUEUES)
        self._noted = count == 2 or (count == 1 and step < SERVER)  # whether there is a note below the name of a queue
        self._low = max(end, TOP + 190, TOP + 56 + count * (70 if self._noted else 56))  # where the lists end
        height = (self._low - 56 - TOP) // count - 8
        self._queues = [QUEUE._replace(y=TOP + 34 + (height + 8) * number, height=height) for number in range(count)]
        self._titles = _titles(names, count, step)
        self._numbers = {name: min(number, count - 1) for number, name in enumerate(names)}
        self._sets = self._put_sets(places.happens)
        bottom = max([self._low + 14, *[int(box.bottom) + 12 for box in self._sets.values()]])
        self._registry = Box(LIST.x, bottom, LIST.width, 44, 8) if step >= PROCESS else None
        bottom += 56 * (step >= PROCESS)
        self._bottom = bottom
        self._trays = {"done": Box(REDIS.x, bottom + 12, REDIS.width, 46, 8)}
        if step < RETRIES and "failed" in places.happens:  # else it goes on to a set
            self._trays["failed"] = Box(PROCESSES.x, bottom + 12, PROCESSES.width, 46, 8)
        possible = _possible(places.happens, step)
        self._states = [state for state in STATES if state in possible]
        self._caption = bottom + 84
        self.height = self._caption + 34 + 18 * (LATEST - 1) + 20 * math.ceil(len(self._states) / COUNTS)
        self.height_at_rest = bottom + (20 if step == MEMORY else 38)
        self._areas = self._make_areas()
        self._ways = self._make_ways()
        self._ground = list(self._draw_ground(rest=False))

    def _put_lanes(self, processors: dict[str, dict[str, bool]]) -> int:
        """Give each its place, and return where the last frame ends."""
        many = sum(map(len, processors.values())) > MOST_LANES
        rows = len(processors) if many else sum(map(len, processors.values()))
        pitch = max(ROW, min(48, 150 // max(rows, 1)))
        y = TOP
        for process, names in processors.items():
            height = 34 + pitch * (1 if many else len(names)) + 18 * (self.step >= PROCESS)
            self._frames[process] = PROCESSES._replace(y=y, height=height)
            for number, name in enumerate(names):
                row = Lane(process, name, y + 34 + pitch * number, names[name])
                if many:
                    row = Lane(process, f"{len(names)} processors", y + 34, any(names.values()), len(names))
                self._lanes[process, name] = row
            y += height + 10
        return y - 10

    def _put_sets(self, happens: set[str]) -> dict[str, Box]:
        y = self._low + BELOW
        sets: dict[str, Box] = {}
        if self.step >= SCHEDULED:
            sets["scheduled"] = Box(QUEUE.x, y, 128, 60, 8)
        if self.step >= RETRIES:
            sets["retrying"] = Box(LIST.x, y, 118, 60, 8)
        if self.step >= RETRIES or "left too often" in happens:
            sets["dead"] = Box(LIST.x, y + 70 * (self.step >= RETRIES), LIST.width, 46, 8)
        return sets

    def _make_areas(self) -> dict[object, Area]:
        areas: dict[object, Area] = {}
        for box in self._queues:
            head = 42 if self._noted else 28
            areas[box] = Area(int(box.right) - 30, int(box.y) + head, 5, max(1, int(box.height - head) // 21), -PITCH)
        for state, box in (self._sets | self._trays).items():
            areas[state] = Area(int(box.x) + 8, int(box.bottom) - 22, int(box.width - 24) // PITCH)
        for lane in self._rows:
            x, columns = (LIST.x, 3) if self._kept(lane) else (PROCESSOR.x, 1)
            areas[lane] = Area(int(x) + 8, lane.y + 6, columns, tells=False)
        return areas

    def _kept(self, lane: Lane) -> bool:
        """Return whether what it has taken is in a list in flight."""
        return lane.takes and self.step >= IN_FLIGHT

    def _area(self, queue: str, state: str, process: str, processor: str) -> object:
        """Return in which place a job is."""
        if state in self._areas:
            return state
        lane = self._lanes.get((process, processor))
        return lane if lane and state != "waiting" else self._queues[self._numbers.get(queue, -1)]

    def _there(self, at: float, lane: Lane) -> bool:
        life = self._lives.get(lane.process, ALWAYS)
        return life.begin <= at < life.end

    # The ways

    def _make_ways(self) -> dict[object, Way]:
        """Return all ways, by their names; those that depend on a processor by that, too."""
        ways: dict[object, Way] = self._ways_below()
        put = {MEMORY: "perform_queue(5)", SERVER: "LPUSH", IN_FLIGHT: "LPUSH"}.get(self.step, "perform_queue")
        first, second = self._callers
        two = self.step < SCHEDULED
        for number, box in enumerate(self._queues):
            points = _turned((CALLER.right, first), TURN, (box.x, box.middle - 12 * two))
            ways["put", number] = Way(self._since(SERVER, QUEUES), points, put * (number == 0), (TURN, first - 8))
        if two:
            points = _turned((CALLER.right, second), TURN, (QUEUE.x, self._queues[0].middle + 12))
            ways["put too"] = Way(self._since(SERVER), points, put.replace("5", "3"), (TURN, second + 18))
        for lane in self._rows:
            if lane.takes:
                ways |= self._ways_of(lane)
        return ways

    @property
    def _callers(self) -> tuple[int, int]:
        """The middles of the callers."""
        return TOP + 52, self._low - 48

    def _since(self, *steps: int) -> int:
        """Return the last of `steps` that was taken."""
        return max([step for step in steps if step <= self.step], default=MEMORY)

    def _ways_below(self) -> dict[object, Way]:
        """Return those between the lists, the sets and the queue."""
        low, back = self._low, self._queues[-1].bottom
        ways: dict[object, Way] = {}
        if self.step >= IN_FLIGHT:
            label = "killed: back"
            if self.step >= BATCHES:
                label = (
                    "killed, or\nnot begun\nin time" if self.step < PROCESS else "killed, or not\ndone at the\ndeadline"
                )
            points = [(LISTS.x, low - 12), (TRUNK, low - 12), (TRUNK, back)]
            ways["back"] = Way(self._since(IN_FLIGHT, BATCHES), points, label, (TRUNK + 6, low + 3), "start", FAIL)
        if box := self._sets.get("scheduled"):
            points = _turned((CALLER.right, self._callers[1]), SIDE_TURN, (box.x, box.middle))
            ways["later"] = Way(SCHEDULED, points, "perform_in", (190, box.middle - 8))
            points = [(box.x + 24, box.y), (box.x + 24, back)]
            ways["due"] = Way(SCHEDULED, points, "poller,\nwhen due", (box.x + 30, low + 10), "start")
        if box := self._sets.get("retrying"):
            x, y = box.x + 26, box.middle
            ways["raised"] = Way(RETRIES, [(x, low), (x, box.y)], "raised", (x + 6, low + 32), "start", FAIL)
            points = [(box.x, y), (TRUNK, y), (TRUNK, back)]
            ways["again"] = Way(RETRIES, points, "poller,\nwhen due", (433, y + 15))
        if box := self._sets.get("dead"):
            x, y = box.x + 138, box.middle
            points = [(x, low), (x, box.y)]
            ways["too often"] = Way(RETRIES, points, "raised\ntoo often", (x + 6, low + 24), "start", FAIL)
            if self.step >= RETRIES:
                points = [(box.x, y), (TRUNK, y), (TRUNK, back)]
                ways["requeue"] = Way(RETRIES, points, "requeue", (433, y + 15))
        return ways

    def _ways_of(self, lane: Lane) -> dict[object, Way]:
        """Return those from the queues to a processor, and from there."""
        ways: dict[object, Way] = {}
        first, y = lane == self._rows[0], lane.middle
        end = LIST.x if self.step >= IN_FLIGHT else PROCESSOR.x
        since = self._since(SERVER, IN_FLIGHT, BATCHES, *[QUEUES] * (len(self._queues) > 1))
        for number, box in enumerate(self._queues):
            label = ""
            at: Point = BUS, y - 8
            if self.step == SERVER:
                label, at = "BRPOP", (600, y - 8)
            elif len(self._queues) > 1:
                label, at = ("then" if number else "first") * first, (BUS - 18, box.middle - 6)
            elif self.step >= BATCHES:
                label, at = "up to 500\nin one step" * first, (BUS, y - 23)
            elif self.step >= IN_FLIGHT:
                label = "BLMOVE" * first
            ways["take", number, lane] = Way(since, _turned((box.right, box.middle), BUS, (end, y)), label, at)
        if self.step >= IN_FLIGHT:
            ways["perform", lane] = Way(IN_FLIGHT, [(LIST.right, y - 6), (PROCESSOR.x, y - 6)])
            label = "done:\nLREM" if self.step < BATCHES else "done: with\nthe next\ncommand"
            label *= lane == self._rows[-1]
            back: list[Point] = [(PROCESSOR.x, y + 6), (LIST.right, y + 6)]
            ways["done", lane] = Way(self._since(IN_FLIGHT, BATCHES), back, label, (GAP, y + 22))
        if registry := self._registry:
            low, x = self._frames[lane.process].bottom, OUTSIDE.x + 57
            ways["entry", lane] = Way(
                PROCESS,
                [(764, low), (764, registry.y + 14), (registry.right, registry.y + 14)],
                "entry",
                (GAP, registry.y + 8),
            )
            ways["signal", lane] = Way(
                PROCESS, [(x, registry.y - 84), (x, low)], "TSTP,\nTERM", (x + 8, registry.y - 120), "start"
            )
            ways["read"] = Way(PROCESS, [(registry.right, registry.y + 32), (OUTSIDE.x, registry.y + 32)])
            ways["seen"] = Way(PROCESS, [(x, registry.y), (x, registry.y - 40)])
        return ways

    def ways(self, at: float) -> Iterator[Way]:
        """Return the ways that are there at a moment: those to processors while these are there."""
        lanes = [lane for lane in self._rows if lane.takes and self._there(at, lane)]
        last = [lane for lane in self._rows if self._lives.get(lane.process, ALWAYS).begin <= at][-1:]
        for name, way in self._ways.items():
            match name:
                case ("take", number, lane) if lane not in lanes or (number and lane != lanes[0]):
                    pass  # from each queue one leads to where all turn
                case ("entry" | "signal", lane) if [lane] != last:
                    pass  # others are behind a frame
                case (_, Lane() as lane) if lane not in lanes:
                    pass
                case _:
                    yield way

    def _route(self, token: Token) -> list[Point]:
        """Return the way on which a job has come where it is."""
        now, before, number = token.now, token.before, self._numbers.get(token.queue, len(self._queues) - 1)
        name: object = None
        if now.state in self._trays:
            lane = self._lanes.get((now.process, now.processor))
            return [(GAP, lane.middle), (GAP, self._trays[now.state].middle)] if lane else []
        match before.state if before else "", now.state:
            case "", "scheduled":
                name = "later"
            case "", "waiting":
                name = "put", number
            case "scheduled", "waiting":
                name = "due"
            case "retrying", "waiting":
                name = "again"
            case "dead", "waiting":
                name = "requeue"
            case _, "waiting":
                name = "back"
            case "waiting", _:
                name = "take", number, self._lanes.get((now.process, now.processor))
            case _, "retrying":
                name = "raised"
            case _, "dead":
                name = "too often"
        return self._ways[name].points if name in self._ways else []

    # How it looks

    def draw(
        self, scene: Scene, said: Sequence[Said], end: float | None, travel: float, since: float = 0.0
    ) -> list[Shape]:
        """Return how a scene looks.

        Args:
            scene: where every job is.
            said: what has happened last, the latest at the end.
            end: when the journey ends; None while that is not known.
            travel: how many seconds a job is on its way from place to place; one that does not stay as long is there
                at once.
            since: who has left before this moment has arrived.
        """
        at, crowds = scene.at, self._crowds(scene)
        at_rest, on_their_way = self._draw_tokens(at, crowds, travel, since)
        places = [*self._draw_places(at, crowds, rest=False), *self._draw_counts(at, crowds)]
        return [*self._ground, *places, *at_rest, *on_their_way, *self._draw_legend(scene, said, end)]

    def counts(self, scene: Scene) -> dict[str, int]:
        """Return how many jobs are in each state in which one may be."""
        found = scene.counts()
        return {state: found.get(state, 0) for state in self._states}

    def rest(self, scene: Scene) -> list[Shape]:
        """Return how a scene looks at rest, as the diagram of a lesson: what that adds has thick lines."""
        crowds = self._crowds(scene)
        places = [*self._draw_ground(rest=True), *self._draw_places(scene.at, crowds, rest=True)]
        hint = Words(LEFT, self.height_at_rest - 14, "Thick lines: what this lesson adds.", GREY)
        return [*places, *self._draw_tokens(scene.at, crowds, 0.0)[0], *[hint] * (self.step > MEMORY)]

    def _crowds(self, scene: Scene) -> dict[object, Crowd]:
        """Return who is in each place, each at its turn."""
        crowds: dict[object, Crowd] = defaultdict(lambda: Crowd([], Counter()))
        for token in scene.tokens:
            crowd = crowds[self._area(token.queue, *token.now[1:4])]
            crowd.tokens.append(token)
            crowd.states[token.now.state] += 1
        for where, number in scene.more.items():
            crowds[self._area(where.queue, where.state, where.process, where.processor)].states[where.state] += number
        for crowd in crowds.values():
            crowd.tokens.sort(key=_turn)
        return crowds

    def _draw_tokens(
        self, at: float, crowds: dict[object, Crowd], travel: float, since: float = 0.0
    ) -> tuple[list[Shape], list[Shape]]:
        """Return how those look that have arrived, and those that are on their way."""
        at_rest: list[Shape] = []
        on_their_way: list[Shape] = []
        for place, crowd in crowds.items():
            area, number = self._areas[place], crowd.states.total()
            seen = min(len(crowd.tokens), area.seats - (area.tells and number > area.seats))
            travellers = 0
            for index, token in enumerate(crowd.tokens):
                age = at - token.now.at if token.now.state == "waiting" else 0.0
                leaves_first = token.now.at + travel > token.until  # before it could be seen to arrive
                part = 1.0 if not travel or leaves_first or token.now.at < since else (at - token.now.at) / travel
                if part < 1 and self._travels(token, place):
                    if (travellers := travellers + 1) > TRAVELLERS:
                        continue
                    x, y = area.seat(index)
                    way = [self._origin(token), *self._route(token), (x + 11, y + 8)]
                    x, y = _along(way, part * part * (3 - 2 * part))
                    on_their_way += draw_token(token.now.state, round(x) - 11, round(y) - 8, age)
                elif index < seen:
                    x, y = area.seat(index)
                    at_rest += draw_token(token.now.state, int(x), int(y), age)
            if area.tells and seen < number:
                x, y = area.seat(seen)
                anchor = "start" if area.step > 0 else "end"
                at_rest.append(Words(x + 22 * (anchor == "end"), y + 13, f"+ {number - seen}", INK, 11, anchor))
        return at_rest, on_their_way

    def _travels(self, token: Token, place: object) -> bool:
        """Whether a token is seen on its way to its place. On that from a list, it would hide the next job there."""
        if token.now.state == "done" and self.step >= IN_FLIGHT:
            return False
        return not (token.before and self._area(token.queue, *token.before[1:4]) == place)

    def _origin(self, token: Token) -> Point:
        """Return from where a token comes: the middle of it."""
        if token.before:
            x, y = self._areas[self._area(token.queue, *token.before[1:4])].seat(0)
            return x + 11, y + 8
        return CALLER.x + CALLER.width / 2, self._callers[token.now.state == "scheduled"]

    def _look(self, since: int, rest: bool) -> tuple[str, float]:
        """Return with which ink, and how thick, what a step has added is drawn."""
        if not rest:
            return INK, 1
        if self.step == MEMORY:
            return INK, 1.6
        return (INK, 2.4) if since == self.step else (GREY, 1.2)

    def _draw_ground(self, rest: bool) -> Iterator[Shape]:
        """Return what is always there."""
        if not rest:
            yield Box(0, 0, WIDTH - 1, self.height - 1, 12, PAPER, PALE)
        height = self._bottom - TOP
        program = PROGRAM if self.step >= SERVER else PROGRAM._replace(width=WIDTH - 2 * LEFT)
        yield from self._frame(MEMORY, program._replace(height=height), "your program", rest)
        if self.step >= SERVER:
            yield from self._frame(SERVER, REDIS._replace(height=height), "Redis", rest)
        if self.step >= IN_FLIGHT:
            yield from self._frame(IN_FLIGHT, LISTS._replace(height=self._low - LISTS.y), "in flight", rest)
        for middle in self._callers:
            yield from self._actor(MEMORY, CALLER._replace(y=middle - 18), "caller", rest)
        since = self._since(SERVER, *[QUEUES] * (len(self._queues) > 1))
        for box, (name, note) in zip(self._queues, self._titles, strict=True):
            yield from self._place(since, box, name, note if self._noted else "", rest)
        for state, box in self._sets.items():
            since = SCHEDULED if state == "scheduled" else RETRIES
            yield from self._place(since, box, NAMES[state], "by due time" if rest and state != "dead" else "", rest)
        if registry := self._registry:
            yield from self._place(PROCESS, registry, "registry", "who is there" if rest else "", rest)
            yield from self._actor(PROCESS, OUTSIDE._replace(y=registry.y), "dashboard", rest)
            yield from self._actor(PROCESS, OUTSIDE._replace(y=registry.y - 84), "operator", rest)
        for state, box in self._trays.items() if not rest else []:
            yield from self._place(MEMORY, box, state, "", rest)

    def _frame(self, since: int, box: Box, name: str, rest: bool) -> list[Shape]:
        ink, thick = self._look(since, rest)
        return [box._replace(thick=thick), Words(box.x + 12, box.y + 19, name, ink if rest else GREY)]

    def _place(self, since: int, box: Box, name: str, note: str, rest: bool) -> list[Shape]:
        ink, thick = self._look(since, rest)
        words = [Words(box.x + 10, box.y + 18, name, ink, 12, bold=True)]
        if note:
            words.append(Words(box.x + 10, box.y + 33, note, ink, 12))
        return [box._replace(ink=ink, thick=thick), *words]

    def _actor(self, since: int, box: Box, name: str, rest: bool) -> list[Shape]:
        ink, thick = self._look(since, rest) if rest else (GREY, 1)
        return [
            box._replace(ink=ink, thick=thick),
            Words(box.x + box.width / 2, box.middle + 5, name, ink, 13, "middle", True),
        ]

    def _draw_places(self, at: float, crowds: dict[object, Crowd], rest: bool) -> Iterator[Shape]:
        """Return what is there at a moment."""
        frames = [(name, box) for name, box in self._frames.items() if self._lives.get(name, ALWAYS).begin <= at]
        for name, box in frames:
            if name or self.step >= SERVER:
                yield from self._draw_process(at, name, box, rest)
        for way in self.ways(at):
            ink, thick = self._look(way.since, rest) if rest else (GREY, 1)
            yield from arrow(way.points, way.ink or ink, thick)
            for number, line in enumerate(way.label.splitlines() if rest else []):
                yield Words(way.at[0], way.at[1] + 15 * number, line, way.ink or ink, 12, way.anchor)
        for lane in self._rows:
            there, crowd = self._there(at, lane), crowds.get(lane, NOBODY)
            if self._kept(lane) and (there or crowd.tokens):
                yield from self._draw_list(lane, crowd, rest)
            if lane.process in dict(frames):
                yield from self._draw_processor(at, lane, crowd, there, rest)
        for name, box in frames:
            if self._lives.get(name, ALWAYS).how == "killed" and at >= self._lives[name].end:
                left, right, top, low = box.x + 8, box.right - 8, box.y + 28, box.bottom - 8
                yield Line([(left, top), (right, low)], FAIL, 2)
                yield Line([(left, low), (right, top)], FAIL, 2)

    def _draw_process(self, at: float, name: str, box: Box, rest: bool) -> Iterator[Shape]:
        life = self._lives.get(name, ALWAYS)
        gone = life.how if at >= life.end else ""
        says = f"{name or 'your program'}{' was killed' if gone == 'killed' else ' has ended' if gone else ''}"
        if gone == "killed":
            yield box._replace(ink=FAIL, thick=2)
            yield Words(box.x + 12, box.y + 19, says, FAIL, 13, bold=True)
        else:
            yield from self._frame(SERVER, box, says, rest)
        if self.step >= PROCESS:
            ink, thick = self._look(PROCESS, rest)
            yield Box(box.x + 4, box.y + 26, box.width - 8, box.height - 30, 10, SHADE, PALE, thick)
            yield Words(box.x + 12, box.bottom - 10, "middleware", ink if rest else GREY, 12)

    def _draw_list(self, lane: Lane, crowd: Crowd, rest: bool) -> Iterator[Shape]:
        ink, thick = self._look(self._since(IN_FLIGHT, BATCHES), rest) if rest else (GREY, 1)
        number, left, later = crowd.states.total(), crowd.states["left behind"], crowd.states["prefetched"]
        box = LIST._replace(y=lane.y, ink=ink, thick=thick)
        yield box._replace(ink=FAIL, thick=2) if left else box
        says, x = f"of {lane.name}", 518
        if not number and not rest:
            ink, x = GREY, 490
        elif later or number > 1:
            says, x, ink = (
                f"{later} prefetched" if later else f"{left or number} {'left behind' if left else 'in hand'}",
                570,
                INK,
            )
        elif number and not rest:
            says, ink = crowd.tokens[0].job if crowd.tokens else "", INK
        yield Words(x, lane.y + 19, _cut(says, 22), ink, 12)

    def _draw_processor(self, at: float, lane: Lane, crowd: Crowd, there: bool, rest: bool) -> Iterator[Shape]:
        ink, thick = self._look(MEMORY, rest) if rest else (GREY, 1)
        at_work = [token for token in crowd.tokens if token.now.state == "in hand"]
        number = crowd.states["in hand"]
        box = PROCESSOR._replace(y=lane.y, ink=ink if there else PALE, thick=thick)
        yield box._replace(fill=LIGHT) if at_work and not rest else box
        if rest:
            yield Words(box.x + box.width / 2, lane.y + 19, lane.name, ink, 13, "middle", True)
            return
        says = f"{number} of {lane.processors} at work" if lane.processors > 1 and number else lane.name
        x = box.x + (14 if self._kept(lane) else 36)
        yield Words(x, lane.y + 19, _cut(says, 18 if lane.processors > 1 else 12), INK if there else GREY, 12)
        if at_work and lane.processors == 1:
            yield Words(box.right - 8, lane.y + 19, _seconds(at - at_work[0].now.at), INK, 11, "end")

    def _draw_counts(self, at: float, crowds: dict[object, Crowd]) -> Iterator[Shape]:
        """Return what is said in places."""
        for box in self._queues:
            if tokens := crowds[box].tokens:
                oldest = max(at - token.now.at for token in tokens)
                yield Words(box.right - 8, box.y + 18, f"oldest {_seconds(oldest)}", GREY, 11, "end")
        for state, box in self._sets.items():
            due = [token.now.due - at for token in crowds[state].tokens if token.now.due]
            if due:
                yield Words(box.x + 10, box.y + 33, f"next in {_seconds(max(min(due), 0))}", GREY, 11)
        if registry := self._registry:
            number = len({lane.process for lane in self._rows if lane.takes and self._there(at, lane)})
            yield Words(registry.x + 10, registry.y + 33, counted(number, "process", "processes"), INK, 12)

    def _draw_legend(self, scene: Scene, said: Sequence[Said], end: float | None) -> Iterator[Shape]:
        y = self._caption
        yield Words(LEFT, y, f"{scene.at:.1f} s", INK, 14, bold=True)
        for row, (at, words) in enumerate(reversed(said)):
            yield Words(LEFT + 104, y + 18 * row, f"{at:.1f} s", GREY, 12, "end")
            yield Words(LEFT + 114, y + 18 * row, _cut(words, 100), GREY if row else INK)
        y += 18 * (LATEST - 1)
        if end is not None:
            yield Box(LEFT, y + 12, WIDTH - 2 * LEFT, 4, 2, PALE, PALE)
            yield Box(LEFT, y + 12, (WIDTH - 2 * LEFT) * min(scene.at / end if end else 1, 1), 4, 2, WORK, WORK)
        for number, (state, count) in enumerate(self.counts(scene).items()):
            row, column = divmod(number, COUNTS)
            x, below = LEFT + 904 // COUNTS * column, y + 26 + 22 * row
            yield from draw_token(state, x, below, OLD / 2)
            yield Words(x + 28, below + 13, f"{state} {count}", INK, 12)


def draw_token(state: str, x: int, y: int, age: float = 0.0) -> list[Shape]:
    """Return a job: its colour and its sign say what it is, and a bar for how long it has waited.

    Args:
        state: one of STATES.
        x: of its corner.
        y: of its corner.
        age: in seconds.
    """
    fill, ink, sign = {
        "waiting": (WAIT, INK, INK),
        "prefetched": (LIGHT, INK, INK),
        "in hand": (WORK, INK, WHITE),
        "left behind": (WHITE, WORK, WORK),
        "scheduled": (WHITE, INK, INK),
        "retrying": (FAIL, INK, WHITE),
        "dead": (INK, INK, WHITE),
        "lost": (WHITE, FAIL, FAIL),
        "failed": (FAIL, INK, WHITE),
        "done": (GREY, GREY, WHITE),
    }[state]
    box = Box(x, y, 22, 16, 4, fill, ink, 2 if fill == WHITE else 1)
    match state:
        case "waiting":
            return [box, Box(x + 3, y + 11, 1 + round(15 * min(age / OLD, 1)), 2, 0, sign, sign)]
        case "in hand":
            return [box, Line([(x + 8, y + 3), (x + 8, y + 13), (x + 16, y + 8)], sign, filled=True)]
        case "prefetched":
            return [box, Box(x + 7, y + 4, 2, 8, 0, sign, sign), Box(x + 13, y + 4, 2, 8, 0, sign, sign)]
        case "left behind":
            return [box, Words(x + 11, y + 13, "?", sign, 13, "middle", True)]
        case "done":
            return [box, Line([(x + 6, y + 8), (x + 10, y + 12), (x + 16, y + 4)], sign, 2)]
        case "scheduled":
            face = Box(x + 6, y + 3, 10, 10, 5, fill, sign)
            return [box, face, Line([(x + 11, y + 5), (x + 11, y + 8), (x + 14, y + 8)], sign)]
        case "retrying":
            back = Line([(x + 7, y + 12), (x + 16, y + 12), (x + 16, y + 6), (x + 10, y + 6)], sign, 2)
            return [box, back, Line([(x + 5, y + 6), (x + 10, y + 2), (x + 10, y + 10)], sign, filled=True)]
        case "lost":
            return [box, Line([(x + 4, y + 13), (x + 18, y + 3)], sign, 2)]
        case "dead":
            box = Box(x, y, 22, 16, 8, fill, ink)
    return [box, Line([(x + 7, y + 4), (x + 15, y + 12)], sign, 2), Line([(x + 7, y + 12), (x + 15, y + 4)], sign, 2)]


def _turn(token: Token) -> tuple[float, ...]:
    """Return when it is a token's turn, among those of its place."""
    now = token.now
    if now.due is not None or now.state == "prefetched":
        return 2, now.due or 0.0, token.number
    return (0, -now.at, token.number) if now.first else (1, now.at, token.number)


def _possible(happens: set[str], step: int) -> set[str]:
    """Return what a job may be in a journey in which this happens."""
    found = {"waiting", "in hand", "done", *(happens & {"prefetched", "scheduled", "retrying", "dead"})}
    found |= {state for state, first in SINCE.items() if step >= first}
    if "failed" in happens and step < RETRIES:  # else it is tried again, or dead
        found.add("failed")
    if "killed" in happens:
        found.add("left behind" if step >= IN_FLIGHT else "lost")
    if "left too often" in happens:
        found.add("dead")
    return found


def _titles(queues: list[str], boxes: int, step: int) -> list[tuple[str, str]]:
    """Return for each box the name of its queue, and a note."""
    if step < SERVER:
        return [("queue", "the oldest leaves first")]
    keys = [f"luffy:queues:{name}" if name else "luffy:queue" for name in queues]
    if queues == [""]:
        return [(keys[0], "")]
    titles = [(_cut(name or "default", 9), _cut(key, 23)) for name, key in zip(queues, keys, strict=True)][:boxes]
    if len(queues) > boxes:
        titles[-1] = f"{len(queues) - boxes + 1} more", ""
    return titles


def _seconds(seconds: float) -> str:
    return f"{seconds:.{int(seconds < 10)}f} s"


def _turned(start: Point, x: float, end: Point) -> list[Point]:
    """Return the way from a point to another that turns at `x`, or needs no turn."""
    return [start, end] if start[1] == end[1] else [start, (x, start[1]), (x, end[1]), end]


def _along(points: list[Point], part: float) -> Point:
    """Return the point at which a part of a way is behind."""
    lengths = [math.dist(*leg) for leg in pairwise(points)]
    left = part * sum(lengths)
    for (start, end), length in zip(pairwise(points), lengths, strict=True):
        if left <= length and length:
            share = left / length
            return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
        left -= length
    return points[-1]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
