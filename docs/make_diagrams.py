"""Draw the diagrams of the notebooks, as SVG files. This is their source: change it, run it, and keep what it wrote.

.venv/bin/python docs/make_diagrams.py [FOLDER]

From lesson 3 on it is one map of the system. Everything has its place on it, the same in every lesson, and each lesson
adds to the map of the one before. What it adds has thick lines.
"""

import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from luffy_lesson.classroom.page.picture import FAIL, INK, PALE, PAPER, WAIT, WORK  # noqa: E402

WIDTH = 940
SHADE, GREY, WHITE = "#f1f3f0", "#57606a", "#ffffff"
SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
JOBS = {"w": WAIT, "b": WORK, "f": FAIL}
"""The colour of a job that waits, is begun, or has failed. One that has failed has a cross, too."""


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
Parts = dict[str, Part]


class Diagram(NamedTuple):
    """A picture."""

    title: str
    says: str
    """What it shows, for those who do not see it."""
    parts: Parts
    old: set[str] = set()
    """The parts that the lesson before had already."""


# Lesson 0: the route.

ROUTE = [
    ("1 · Do it now", "the caller waits", "everybody stands in line"),
    ("2 · A thread for each call", "the caller goes on", "twenty at once: fifteen are refused"),
    ("3 · A queue in memory", "five processors, in turn", "the process ends: the jobs are gone"),
    ("4 · A queue in Redis", "it outlives the process", "kill -9: the jobs in hand are lost"),
    ("5 · Survive kill -9", "each job is done at least once", "a reminder keeps a processor until tomorrow"),
    ("6 · Later", "jobs that are not due yet", "the site is busy: the job is forgotten"),
    ("7 · Failing well", "tried again, then kept", "two questions for each job"),
    ("8 · How fast, how many", "batches, and Little's law", ""),
]


def route() -> Diagram:
    """Return the picture of all lessons, each with what it breaks on."""
    parts: Parts = {"left": Text(40, 42, "what you build"), "right": Text(500, 42, "what it breaks on")}
    says = "The lessons, one below the other."
    for row, (title, what, breaks) in enumerate(ROUTE):
        y = 58 + 70 * row
        parts[title] = Place(40, y, 340, 50, title, what)
        says += f" {title}: {what}."
        if breaks:
            parts[breaks] = Place(500, y + 8, 400, 34, breaks, ink=FAIL)
            parts[f"{title} breaks"] = Way([(380, y + 25), (500, y + 25)], ink=FAIL)
            parts[f"{title} leads on"] = Way([(700, y + 42), (700, y + 56), (210, y + 56), (210, y + 70)])
            says += f" It breaks: {breaks}."
    return Diagram("The route", says, parts)


# Lessons 1 and 2: who does what, and when; time goes to the right.

NOW = Diagram(
    "Do it now",
    "The caller calls perform(5) and stands still while VeryHeavyService works for 5 seconds. Then it goes on.",
    {
        "caller": Text(40, 70, "caller"),
        "before": Place(220, 42, 90, 46, "", fill=PALE),
        "still": Place(310, 42, 440, 46, "stands still", fill=WAIT),
        "after": Place(750, 42, 150, 46, "goes on", fill=PALE),
        "worker": Text(40, 172, "VeryHeavyService"),
        "work": Place(310, 144, 440, 46, "works for 5 seconds", fill=WORK, ink=WHITE),
        "call": Way([(330, 88), (330, 144)], "perform(5)", (376, 120)),
        "done": Way([(730, 144), (730, 88)], "done", (704, 120)),
        "begin": Text(310, 212, "0 s", "middle"),
        "end": Text(750, 212, "5 s", "middle"),
    },
)
THREAD = Diagram(
    "A thread for each call",
    "The caller calls perform_async(5) and goes on at once. A new thread runs perform_now(5), which works for "
    "5 seconds.",
    {
        "caller": Text(40, 70, "caller"),
        "goes on": Place(220, 42, 680, 46, "goes on at once", fill=PALE),
        "thread": Text(40, 172, "a new thread"),
        "work": Place(310, 144, 440, 46, "perform_now(5) works for 5 seconds", fill=WORK, ink=WHITE),
        "call": Way([(330, 88), (330, 144)], "perform_async(5)", (392, 120)),
        "begin": Text(310, 212, "0 s", "middle"),
        "end": Text(750, 212, "5 s", "middle"),
    },
)

# From lesson 3 on: the map. For each lesson what it adds or alters, by name, and None for what it takes away.

Changes = dict[str, Part | None]
ROWS = (92, 162, 232)

MEMORY: Changes = {
    "program": Frame(18, 22, 904, 262, "your program"),
    "caller 0": Place(36, 70, 112, 44, "caller", acts=True),
    "caller 1": Place(36, 210, 112, 44, "caller", acts=True),
    "queue": Place(300, 122, 150, 80, "queue", "the oldest leaves first", "www"),
    **{f"processor {n}": Place(790, y - 22, 110, 44, f"Processor {n}", acts=True) for n, y in enumerate(ROWS)},
    "put 0": Way([(148, 92), (217, 92), (217, 150), (300, 150)], "perform_queue(5)", (218, 82)),
    "put 1": Way([(148, 232), (217, 232), (217, 174), (300, 174)], "perform_queue(3)", (218, 250)),
    "take 0": Way([(450, 142), (484, 142), (484, 92), (790, 92)]),
    "take 1": Way([(450, 162), (790, 162)]),
    "take 2": Way([(450, 182), (484, 182), (484, 232), (790, 232)]),
}
REDIS: Changes = {
    **dict.fromkeys(["queue", "put 0", "put 1", "take 0", "take 1", "take 2"]),
    "program": Frame(18, 22, 148, 262, "your program"),
    "server": Frame(268, 22, 486, 262, "Redis"),
    "process": Frame(772, 22, 150, 262, "another process"),
    "list": Place(300, 122, 150, 80, "luffy:queue", jobs="www"),
    "push 0": Way([(148, 92), (217, 92), (217, 150), (300, 150)], "LPUSH", (217, 82)),
    "push 1": Way([(148, 232), (217, 232), (217, 174), (300, 174)], "LPUSH", (217, 250)),
    "pop 0": Way([(450, 142), (484, 142), (484, 92), (790, 92)], "BRPOP", (600, 84)),
    "pop 1": Way([(450, 162), (790, 162)], "BRPOP", (600, 154)),
    "pop 2": Way([(450, 182), (484, 182), (484, 232), (790, 232)], "BRPOP", (600, 224)),
}
RELIABLE: Changes = {
    **dict.fromkeys(["pop 0", "pop 1", "pop 2"]),
    "in flight": Frame(518, 32, 168, 240, "in flight"),
    **{f"in flight {n}": Place(526, y - 24, 152, 48, f"of Processor {n}", jobs="b") for n, y in enumerate(ROWS)},
    "move 0": Way([(450, 142), (484, 142), (484, 92), (526, 92)], "BLMOVE", (484, 82)),
    "move 1": Way([(450, 162), (526, 162)]),
    "move 2": Way([(450, 182), (484, 182), (484, 232), (526, 232)]),
    **{f"perform {n}": Way([(678, y - 8), (790, y - 8)]) for n, y in enumerate(ROWS)},
    "done 0": Way([(790, 100), (678, 100)], "done: LREM", (732, 118)),
    "done 1": Way([(790, 170), (678, 170)]),
    "done 2": Way([(790, 240), (678, 240)]),
    "back": Way([(518, 256), (430, 256), (430, 202)], "killed: back", (474, 274), FAIL),
}
LATER: Changes = {
    "push 1": None,
    "server": Frame(268, 22, 486, 356, "Redis"),
    "push 0": Way([(148, 92), (217, 92), (217, 150), (300, 150)], "perform_queue", (217, 82)),
    "scheduled": Place(290, 300, 124, 62, "scheduled set", "by due time", "www"),
    "schedule": Way([(148, 232), (184, 232), (184, 331), (290, 331)], "perform_in", (226, 322)),
    "due": Way([(346, 300), (346, 202)], "poller,\nwhen due", (386, 248)),
}
RETRIES: Changes = {
    "server": Frame(268, 22, 486, 426, "Redis"),
    "retry": Place(526, 312, 104, 62, "retry set", "by due time", "ff"),
    "dead": Place(526, 388, 152, 46, "dead set", jobs="f"),
    "raised": Way([(558, 272), (558, 312)], "raised", (588, 297), FAIL),
    "raised too often": Way([(652, 272), (652, 388)], "raised\ntoo often", (692, 326), FAIL),
    "again": Way([(526, 343), (430, 343), (430, 202)], "poller,\nwhen due", (478, 360)),
    "sent back": Way([(526, 411), (430, 411), (430, 202)], "requeue", (478, 427)),
}
BATCHES: Changes = {
    **dict.fromkeys([f"{name} {n}" for name in ("in flight", "move", "done") for n in range(3)]),
    "back": None,
    "batch 0": Place(526, 68, 152, 48, "4 prefetched", jobs="bwwww"),
    "batch 1": Place(526, 138, 152, 48, "2 prefetched", jobs="bww"),
    "batch 2": Place(526, 208, 152, 48, "3 prefetched", jobs="bwww"),
    "move many 0": Way([(450, 142), (484, 142), (484, 92), (526, 92)], "up to 500\nin one step", (474, 64)),
    "move many 1": Way([(450, 162), (526, 162)]),
    "move many 2": Way([(450, 182), (484, 182), (484, 232), (526, 232)]),
    "done many 0": Way([(790, 100), (678, 100)], "done: with\nthe next\ncommand", (732, 116)),
    "done many 1": Way([(790, 170), (678, 170)]),
    "done many 2": Way([(790, 240), (678, 240)]),
    "back in time": Way([(518, 256), (430, 256), (430, 202)], "killed, or\nnot begun\nin time", (474, 274), FAIL),
}


def lesson(title: str, says: str, *changes: Changes) -> Diagram:
    """Return the map of a lesson.

    Args:
        title: of the picture.
        says: what it shows.
        changes: those of all lessons up to this one.
    """
    parts: Parts = {}
    before: set[str] = set()
    for each in changes:
        before = set(parts)
        parts = {name: part for name, part in (parts | each).items() if part}
    return Diagram(title, says, parts, before)


DIAGRAMS = {
    "00_route": route(),
    "01_sync": NOW,
    "02_threaded": THREAD,
    "03_memory_queue": lesson(
        "A queue in memory",
        "In your program, two callers put jobs into a queue, with perform_queue(5) and perform_queue(3). The oldest "
        "job leaves first. Three processors take them from the other end.",
        MEMORY,
    ),
    "04_redis_queue": lesson(
        "A queue in Redis",
        "Callers in your program put jobs into the list luffy:queue, which is in Redis, with LPUSH. Processors in "
        "another process take them out with BRPOP.",
        MEMORY,
        REDIS,
    ),
    "05_reliable_queue": lesson(
        "In flight",
        "BLMOVE moves a job from luffy:queue to the list of a processor, which is in Redis too: there it is in flight. "
        "When the job is done, LREM removes it. When the process is killed, its jobs go back to the queue.",
        MEMORY,
        REDIS,
        RELIABLE,
    ),
    "06_schedule": lesson(
        "Later",
        "perform_queue puts a job into luffy:queue, as before. perform_in puts it into the scheduled set, which is in "
        "the order of due times. A poller moves what is due from there to the queue.",
        MEMORY,
        REDIS,
        RELIABLE,
        LATER,
    ),
    "07_retries": lesson(
        "Failing well",
        "A job in flight that has raised goes to the retry set, which is in the order of due times; when it is due, a "
        "poller moves it to the queue. One that has raised too often goes to the dead set, and can be requeued.",
        MEMORY,
        REDIS,
        RELIABLE,
        LATER,
        RETRIES,
    ),
    "08_fast_queue": lesson(
        "Batches",
        "Up to 500 jobs move from luffy:queue to the in-flight list of a processor in one step. One is begun, the rest "
        "are prefetched. Those that are done are acknowledged with the next command. What is not begun in time goes "
        "back to the queue, and so does what a killed process had.",
        MEMORY,
        REDIS,
        RELIABLE,
        LATER,
        RETRIES,
        BATCHES,
    ),
}


# From parts to SVG.


def svg(diagram: Diagram) -> str:
    """Return a picture, on a ground of its own."""
    bottoms = [part.y + getattr(part, "height", 0) for part in diagram.parts.values() if not isinstance(part, Way)]
    height = max(bottoms) + 20 + 18 * bool(diagram.old)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-labelledby="title says" font-family="{SANS}">',
        f'<title id="title">{escape(diagram.title)}</title>',
        f'<desc id="says">{escape(diagram.says)}</desc>',
        rect(0.5, 0.5, WIDTH - 1, height - 1, 12, PAPER, PALE, 1),
    ]
    for kind in (Frame, Way, Place, Text):  # a place lies on the ends of its ways
        for name, part in diagram.parts.items():
            if isinstance(part, kind):
                old = name in diagram.old
                thick = 1.2 if old else 2.4 if diagram.old else 1.6
                lines += draw(part, GREY if old else INK, thick)
    if diagram.old:
        lines.append(text(18, height - 14, "Thick lines: what this lesson adds.", GREY, 13, "start"))
    return "\n".join([*lines, "</svg>", ""])


def draw(part: Part, ink: str, thick: float) -> list[str]:
    """Return the elements of a part, of this colour where it has none of its own."""
    match part:
        case Frame(x, y, width, height, name):
            return [rect(x, y, width, height, 10, SHADE, PALE, thick), text(x + 12, y + 20, name, ink, 13, "start")]
        case Place(x, y, width, height, name, note, jobs, acts, fill, own):
            ink = own or ink
            top = y + (height - 18 * (bool(name) + bool(note) + bool(jobs))) // 2
            middle = x + width // 2
            radius = height // 2 if acts else 8
            lines = [rect(x, y, width, height, radius, fill, ink if fill == WHITE else fill, thick)]
            lines.append(text(middle, top + 14, name, ink, 14, weight=600))
            if note:
                lines.append(text(middle, top + 32, note, ink, 12))
            for number, job in enumerate(jobs):
                lines += token(middle - 8 * len(jobs) + 2 + 16 * number, top + (39 if note else 21), job)
            return lines
        case Way(points, label, (x, y), own):
            words = label.split("\n") if label else []
            return arrow(points, own or ink, thick) + [
                text(x, y + 16 * number, line, own or ink, 12) for number, line in enumerate(words)
            ]
        case Text(x, y, words, anchor):
            return [text(x, y, words, ink, 14, anchor, 600 if anchor == "start" else 400)]


def rect(x: float, y: float, width: float, height: float, radius: int, fill: str, ink: str, thick: float) -> str:
    """Return a rectangle with round corners."""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" '
        f'fill="{fill}" stroke="{ink}" stroke-width="{thick}"/>'
    )


def text(x: int, y: int, words: str, ink: str, size: int, anchor: str = "middle", weight: int = 400) -> str:
    """Return words on one line."""
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text {place} fill="{ink}">{escape(words)}</text>'


def token(x: int, y: int, job: str) -> list[str]:
    """Return a job: a small square, with a cross where it has failed."""
    square = rect(x, y, 12, 12, 3, JOBS[job], INK, 0.8)
    cross = f'<path d="M{x + 3} {y + 3}l6 6m0 -6l-6 6" stroke="{WHITE}" stroke-width="1.8"/>'
    return [square, cross] if job == "f" else [square]


def arrow(points: list[tuple[int, int]], ink: str, thick: float) -> list[str]:
    """Return a line through points, each right, left, above or below the one before, with a head at the last."""
    (x, y), (x1, y1) = points[-2:]
    right, down = (x1 > x) - (x1 < x), (y1 > y) - (y1 < y)
    path = [*points[:-1], (x1 - 6 * right, y1 - 6 * down)]
    line = "M" + "L".join(f"{x} {y}" for x, y in path)
    head = [(x1, y1), (x1 - 9 * right + 5 * down, y1 - 9 * down + 5 * right)]
    head.append((x1 - 9 * right - 5 * down, y1 - 9 * down - 5 * right))
    return [
        f'<path d="{line}" fill="none" stroke="{ink}" stroke-width="{thick}" stroke-linejoin="round"/>',
        f'<path d="M{"L".join(f"{x} {y}" for x, y in head)}z" fill="{ink}"/>',
    ]


if __name__ == "__main__":
    folder = Path(*sys.argv[1:2]) if sys.argv[1:] else ROOT / "notebooks/images"
    folder.mkdir(exist_ok=True)
    for name, diagram in DIAGRAMS.items():
        (folder / f"{name}.svg").write_text(svg(diagram), encoding="utf-8")
