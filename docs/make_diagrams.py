"""Draw the diagrams of the notebooks, as SVG files. This is their source: change it, run it, and keep what it wrote.

.venv/bin/python docs/make_diagrams.py [FOLDER]

Those of lessons 3 to 10 are the map at rest on which jobs travel in a lesson; the others are drawn here.
"""

import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from luffy_lesson.classroom.page.palette import FAIL, INK, PALE, PAPER, WAIT, WORK  # noqa: E402
from luffy_lesson.classroom.watch.entry import Entry  # noqa: E402
from luffy_lesson.classroom.watch.map import IN_FLIGHT, SERVER, WIDTH, Map, Places, draw_token  # noqa: E402
from luffy_lesson.classroom.watch.scene import Move, Scene, Token  # noqa: E402
from luffy_lesson.classroom.watch.shapes import (  # noqa: E402
    SANS,
    SHADE,
    WHITE,
    Box,
    Point,
    Shape,
    Words,
    arrow,
    element,
)  # fmt: skip

JOBS = {"w": "waiting", "b": "in hand", "f": "failed"}
"""What a letter stands for."""


class Frame(NamedTuple):
    """A program, a server or a group: what surrounds places."""

    x: int
    y: int
    width: int
    height: int
    name: str


class Place(NamedTuple):
    """A box: where jobs are, or who does something."""

    x: int
    y: int
    width: int
    height: int
    name: str
    note: str = ""
    jobs: str = ""
    """A letter of JOBS for each one in it."""
    acts: bool = False
    """Whether it does something with jobs, and so has round ends."""
    fill: str = WHITE
    ink: str = ""


class Way(NamedTuple):
    """An arrow: the way of a job, or of what is said about it, from the edge of a place to that of another."""

    points: list[tuple[int, int]]
    label: str = ""
    at: tuple[int, int] = (0, 0)
    """The middle of the label's first line."""
    ink: str = ""


class Text(NamedTuple):
    """Words on the ground."""

    x: int
    y: int
    words: str
    anchor: str = "start"


Part = Frame | Place | Way | Text


class Diagram(NamedTuple):
    """A picture."""

    title: str
    says: str
    """What it shows, for those who do not see it."""
    height: int
    shapes: list[Shape]
    ways: list[list[Point]]
    """Those of all arrows."""
    step: int | None = None
    """Whose map it is."""


def drawn(title: str, says: str, parts: list[Part]) -> Diagram:
    """Return a picture of these parts."""
    bottoms = [part.y + getattr(part, "height", 0) for part in parts if not isinstance(part, Way)]
    shapes: list[Shape] = []
    for kind in (Frame, Way, Place, Text):  # a place lies on the ends of its ways
        for part in parts:
            if isinstance(part, kind):
                shapes += draw(part)
    return Diagram(title, says, max(bottoms) + 20, shapes, [part.points for part in parts if isinstance(part, Way)])


def draw(part: Part) -> list[Shape]:
    """Return the shapes of a part."""
    match part:
        case Frame(x, y, width, height, name):
            return [Box(x, y, width, height, 10, SHADE, PALE, 1.6), Words(x + 12, y + 20, name)]
        case Place(x, y, width, height, name, note, jobs, acts, fill, own):
            ink = own or INK
            top = y + (height - 18 * (bool(name) + bool(note) + bool(jobs))) // 2
            middle = x + width // 2
            shapes: list[Shape] = [
                Box(x, y, width, height, height // 2 if acts else 8, fill, ink if fill == WHITE else fill, 1.6),
                Words(middle, top + 14, name, ink, 14, "middle", True),
            ]
            if note:
                shapes.append(Words(middle, top + 32, note, ink, 12, "middle"))
            for number, job in enumerate(jobs):
                x = middle - 13 * len(jobs) + 2 + 26 * number
                shapes += draw_token(JOBS[job], x, top + (39 if note else 21), 2.5)
            return shapes
        case Way(points, label, (x, y), own):
            words = label.split("\n") if label else []
            lines = [Words(x, y + 16 * number, line, own or INK, 12, "middle") for number, line in enumerate(words)]
            return [*arrow(points, own or INK, 1.6), *lines]
        case Text(x, y, words, anchor):
            return [Words(x, y, words, INK, 14, anchor, anchor == "start")]


# Lesson 0: the route.

ROUTE = [
    ("1 · Do it now", "the caller waits", "everybody stands in line"),
    ("2 · A thread for each call", "the caller goes on", "twenty at once: fifteen are refused"),
    ("3 · A queue in memory", "five processors, in turn", "the process ends: the jobs are gone"),
    ("4 · A queue in Redis", "it outlives the process", "kill -9: the jobs in hand are lost"),
    ("5 · Survive kill -9", "each job is done at least once", "a reminder keeps a processor until tomorrow"),
    ("6 · Later", "jobs that are not due yet", "the site is busy: the job is forgotten"),
    ("7 · Failing well", "tried again, then kept", "two questions for each job"),
    ("8 · How fast", "jobs taken in batches", "the urgent one is behind ten thousand others"),
    ("9 · Which first, and how many", "several queues, and Little's law", "all processors are at something slow"),
    ("10 · A process like the real ones", "quiet, deadline, registry, middleware", "it is yours alone to look after"),
    ("11 · When you outgrow it", "the same workers, on an engine", ""),
]


def route() -> Diagram:
    """Return the picture of all lessons, each with what it breaks on."""
    parts: list[Part] = [Text(40, 42, "what you build"), Text(500, 42, "what it breaks on")]
    says = "The lessons, one below the other."
    for row, (title, what, breaks) in enumerate(ROUTE):
        y = 58 + 70 * row
        parts.append(Place(40, y, 340, 50, title, what))
        says += f" {title}: {what}."
        if breaks:
            parts.append(Place(500, y + 8, 400, 34, breaks, ink=FAIL))
            parts.append(Way([(380, y + 25), (500, y + 25)], ink=FAIL))
            parts.append(Way([(700, y + 42), (700, y + 56), (210, y + 56), (210, y + 70)]))
            says += f" It breaks: {breaks}."
    return drawn("The route", says, parts)


# Lessons 1 and 2: who does what, and when; time goes to the right.

NOW = drawn(
    "Do it now",
    "The caller calls perform(5) and stands still while VeryHeavyService works for 5 seconds. Then it goes on.",
    [
        Text(40, 70, "caller"),
        Place(220, 42, 90, 46, "", fill=PALE),
        Place(310, 42, 440, 46, "stands still", fill=WAIT),
        Place(750, 42, 150, 46, "goes on", fill=PALE),
        Text(40, 172, "VeryHeavyService"),
        Place(310, 144, 440, 46, "works for 5 seconds", fill=WORK, ink=WHITE),
        Way([(330, 88), (330, 144)], "perform(5)", (376, 120)),
        Way([(730, 144), (730, 88)], "done", (704, 120)),
        Text(310, 212, "0 s", "middle"),
        Text(750, 212, "5 s", "middle"),
    ],
)
THREAD = drawn(
    "A thread for each call",
    "The caller calls perform_async(5) and goes on at once. A new thread runs perform_now(5), which works for "
    "5 seconds.",
    [
        Text(40, 70, "caller"),
        Place(220, 42, 680, 46, "goes on at once", fill=PALE),
        Text(40, 172, "a new thread"),
        Place(310, 144, 440, 46, "perform_now(5) works for 5 seconds", fill=WORK, ink=WHITE),
        Way([(330, 88), (330, 144)], "perform_async(5)", (392, 120)),
        Text(310, 212, "0 s", "middle"),
        Text(750, 212, "5 s", "middle"),
    ],
)

# Lesson 11: the same places, in somebody else's system.

ENGINE: list[Part] = [
    Frame(18, 22, 148, 300, "your program"),
    Place(36, 70, 112, 44, "caller", acts=True),
    Place(30, 172, 124, 62, "adapter", "CeleryBackend"),
    Way([(54, 114), (54, 172)], "perform_queue", (108, 148)),
    Frame(268, 22, 400, 300, "the broker: Redis or RabbitMQ"),
    Place(292, 164, 140, 78, "waiting", "a queue of the engine", "wwww"),
    Place(500, 92, 152, 78, "in flight", "not acknowledged", "bb"),
    Place(500, 240, 152, 62, "later, dead", "where there is a place", "wf"),
    Way([(154, 203), (292, 203)], "the engine's client", (217, 193)),
    Way([(432, 190), (470, 190), (470, 131), (500, 131)], "take", (452, 181)),
    Way([(584, 170), (584, 222), (432, 222)], "killed: back,\nsooner or later", (528, 194), FAIL),
    Frame(756, 22, 166, 300, "the engine's program"),
    Place(776, 86, 132, 58, "process", "your worker", acts=True),
    Place(776, 226, 132, 58, "process", "your worker", acts=True),
    Way([(652, 108), (776, 108)], "your class, and\nits arguments", (708, 82)),
    Way([(776, 124), (652, 124)], "acknowledge", (706, 140)),
    Way([(652, 150), (704, 150), (704, 248), (776, 248)]),
    Way([(776, 266), (652, 266)], "raised", (704, 284), FAIL),
]


# Lessons 3 to 10: the map at rest, with a few jobs on it.


def lesson(step: int, title: str, says: str) -> Diagram:
    """Return the map of a lesson."""
    who = "another process" if step >= SERVER else ""
    places = Places()
    places.take(Entry(0, "ready", process=who, number=3))
    queues = ["", "", ""] if step < 9 else ["urgent", *["mailing"] * 8]
    tokens = [Token(0, "", Move(0, "waiting"), None, queue) for queue in queues]
    for queue in queues:
        places.take(Entry(0, "queued", queue=queue))
    for number, more in enumerate([2, 1, 2] if step >= IN_FLIGHT else []):
        states = ["in hand", *["prefetched"] * more] if step >= 8 else ["in hand"]
        tokens += [Token(0, "", Move(0, state, who, f"Processor {number}"), None) for state in states]
    for state, number, since in (("scheduled", 3, 6), ("retrying", 2, 7), ("dead", 1, 7)):
        tokens += [Token(0, "", Move(0, state), None)] * (number if step >= since else 0)
    picture = Map(places, step)
    ways = [way.points for way in picture.ways(at=2.5)]
    return Diagram(title, says, picture.height_at_rest, picture.rest(Scene(2.5, tokens)), ways, step)


DIAGRAMS = {
    "00_route": route(),
    "01_sync": NOW,
    "02_threaded": THREAD,
    "03_memory_queue": lesson(
        3,
        "A queue in memory",
        "In your program, two callers put jobs into a queue, with perform_queue(5) and perform_queue(3). The oldest "
        "job leaves first. Three processors take them from the other end.",
    ),
    "04_redis_queue": lesson(
        4,
        "A queue in Redis",
        "Callers in your program put jobs into the list luffy:queue, which is in Redis, with LPUSH. Processors in "
        "another process take them out with BRPOP.",
    ),
    "05_reliable_queue": lesson(
        5,
        "In flight",
        "BLMOVE moves a job from luffy:queue to the list of a processor, which is in Redis too: there it is in flight. "
        "When the job is done, LREM removes it. When the process is killed, its jobs go back to the queue.",
    ),
    "06_schedule": lesson(
        6,
        "Later",
        "perform_queue puts a job into luffy:queue, as before. perform_in puts it into the scheduled set, which is in "
        "the order of due times. A poller moves what is due from there to the queue.",
    ),
    "07_retries": lesson(
        7,
        "Failing well",
        "A job in flight that has raised goes to the retry set, which is in the order of due times; when it is due, a "
        "poller moves it to the queue. One that has raised too often goes to the dead set, and can be requeued.",
    ),
    "08_fast_queue": lesson(
        8,
        "Batches",
        "Up to 500 jobs move from luffy:queue to the in-flight list of a processor in one step. One is begun, the rest "
        "are prefetched. Those that are done are acknowledged with the next command. What is not begun in time goes "
        "back to the queue, and so does what a killed process had.",
    ),
    "09_queues": lesson(
        9,
        "Several queues",
        "Where luffy:queue was, there are two queues, luffy:queues:urgent and luffy:queues:mailing. Each job goes to "
        "the queue that its worker names. Each processor takes a batch from the urgent queue first, and from the "
        "mailing only when no urgent job waits. Scheduled, retrying and dead jobs go home to the queue from which "
        "they came.",
    ),
    "10_process": lesson(
        10,
        "A process",
        "An operator sends the process of the processors a signal, TSTP or TERM. What is not done at the deadline goes "
        "back to the front of its queue. The process writes what it has in hand into the registry, which is in "
        "Redis. A dashboard reads it, and shows it to the operator. Middleware is around each job.",
    ),
    "11_engines": drawn(
        "On an engine",
        "A caller in your program calls perform_queue. The backend is an adapter: it hands the job to the engine's "
        "client, which puts it into a queue of the engine, in Redis or in RabbitMQ. The engine's own program takes it, "
        "calls your worker in one of its processes, and acknowledges it. Until then it is in flight. What has raised "
        "is kept for later, or as dead, where the engine has a place for it. When a process is killed, its job comes "
        "back, sooner or later.",
        ENGINE,
    ),
}


def svg(diagram: Diagram) -> str:
    """Return a picture, on a ground of its own."""
    ground = Box(0.5, 0.5, WIDTH - 1, diagram.height - 1, 12, PAPER, PALE)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{diagram.height}" '
        f'viewBox="0 0 {WIDTH} {diagram.height}" role="img" aria-labelledby="title says" font-family="{SANS}">',
        f'<title id="title">{escape(diagram.title)}</title>',
        f'<desc id="says">{escape(diagram.says)}</desc>',
        *map(element, [ground, *diagram.shapes]),
    ]
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    folder = Path(*sys.argv[1:2]) if sys.argv[1:] else ROOT / "notebooks/images"
    folder.mkdir(exist_ok=True)
    for name, diagram in DIAGRAMS.items():
        (folder / f"{name}.svg").write_text(svg(diagram), encoding="utf-8")
