"""How a board looks: a record of facts, as HTML."""

import itertools
import re
import time
from html import escape

from luffy_lesson.classroom.watch.record import KEPT_SHOWN, Kept, Lane, Record

MOST_LANES = 20
"""With more lanes than these, they are summed up."""

MOST_TOKENS = 40
"""With more jobs waiting than these, the rest is a number."""

STALE = 4
"""After how many seconds without news a board with jobs in hand says so: its kernel has ended, perhaps."""

STATES = ["in flight", "scheduled", "retrying", "dead"]
"""The states of jobs that do not wait, in the order in which they are told."""

HOUR, DAY = 60 * 60, 24 * 60 * 60  # seconds

WORK, WAIT, FAIL, TRACK = "#1f83c4", "#b9770e", "#de3f55", "rgba(128,128,128,.22)"
"""Colours that stand out on white and on black. Text has the colour of the page."""

STYLES = {
    "luffy-board": "font-size:13px;line-height:20px;max-width:62em;overflow-wrap:anywhere;padding:4px 0",
    "luffy-counts": "display:flex;flex-wrap:wrap;gap:0 1.8em",
    "luffy-tokens": f"color:{WAIT};height:20px;letter-spacing:3px;overflow:hidden;white-space:nowrap",
    "luffy-lane": "display:flex;flex-wrap:wrap;gap:0 1em",
    "luffy-name": "flex:0 0 10.5em",
    "luffy-bar": f"align-self:center;background:{TRACK};border-radius:3px;flex:1 1 6em;height:12px;position:relative",
    "luffy-text": "flex:2 1 17em",
    "luffy-tally": "flex:0 0 5.5em",
    "luffy-quiet": "opacity:.75",
    "luffy-fail": f"border-left:3px solid {FAIL};font-weight:600;padding-left:5px",
    "luffy-bad": f"color:{FAIL};font-weight:600",
    "luffy-work": f"background:{WORK};border-radius:3px;height:100%;position:absolute",
    "luffy-over": f"background:{WORK};border-radius:3px;height:100%;opacity:.45;position:absolute",
    "luffy-failed": f"background:repeating-linear-gradient(135deg,{FAIL} 0 2px,transparent 2px 6px);height:100%;"
    f"outline:1px solid {FAIL};outline-offset:-1px;position:absolute",
    "luffy-kept": f"border-top:1px solid {TRACK};margin-top:4px;min-height:{20 * KEPT_SHOWN}px;padding-top:4px",
    "luffy-row": "display:flex;flex-wrap:wrap;gap:0 1em",
    "luffy-due": "flex:0 1 11em",
    "luffy-many": "letter-spacing:2px",
    "luffy-news": f"animation:luffy-stale 0s {STALE}s forwards;color:{FAIL};visibility:hidden",
}
"""How each part looks, written into the part: of a notebook that is not trusted, JupyterLab drops `<style>`."""


def draw(record: Record, waiting: "int | str", live: bool) -> str:
    """Return the board as HTML. What may differ from run to run, when all is done, is marked by `data-run`.

    Args:
        record: the facts.
        waiting: how many jobs wait; or why that is not known.
        live: whether more news will come.
    """
    now = time.monotonic()
    lanes = list(record.lanes.values())
    if not live:  # of threads that have had one job each, any may have failed: a row of them looks the same then
        lanes.sort(key=lambda lane: lane.last is not None and lane.last.error is not None and not lane.processor)
    parts, states = [_counts(record, waiting)], record.states
    kept = _chosen(states.kept)
    if len(lanes) > MOST_LANES:
        parts.append(_summary(lanes))
    else:
        parts += [_lane(lane, now, live or "retrying" not in states.sizes) for lane in lanes]
        if not lanes:
            parts.append('<div class="luffy-quiet">nobody has worked in this process yet</div>')
    for job in record.failures if "retrying" not in states.sizes else ():  # else they are told below
        lane = next((lane for lane in lanes if lane.last is job), None)
        if lane is None or lane.begun or len(lanes) > MOST_LANES:
            text = escape(_cut(f"{job.job}: {job.error}", 90))
            parts.append(f'<div class="luffy-fail">✗ {_name(job.lane)}: {text}</div>')
    if states.names:
        none = " or ".join(state for state in STATES[1:] if states.sizes.get(state) == 0)
        rows = [_kept(one, live) for one in kept] or [f'<div class="luffy-quiet">no job is {none}</div>'] * bool(none)
        parts.append(f'<div class="luffy-kept">{"".join(rows)}</div>')
    if live and (record.at_work() or any(0 < one.due < HOUR for one in kept)):
        parts.append(stale())
    return _styled(f'<div class="luffy-board" role="group" aria-label="board">{"".join(parts)}</div>')


def stale() -> str:
    """Return, as HTML, what appears when no news have come for a while."""
    return _styled(
        "<style>@keyframes luffy-stale { to { visibility: visible; } }</style>"
        '<div class="luffy-news">No news from the kernel: this is how it was at last.</div>'
    )


def describe(record: Record, waiting: "int | str") -> str:
    """Return the board's counts as a line of text, for where there is no HTML. The arguments are those of `draw`."""
    told = _told(record, waiting)
    return f"A board: {', '.join(f'{name} {number}' for name, number in told)}."


def _styled(html: str) -> str:
    """Write into each part how its class looks, before what is said of this part alone."""
    return re.sub(r'class="([\w-]+)"(?: style="([^"]*)")?', lambda part: _style(*part.groups("")), html)


def _style(kind: str, own: str) -> str:
    return f'class="{kind}" style="{";".join(filter(None, [STYLES[kind], own]))}"'


def _told(record: Record, waiting: "int | str") -> list[tuple[str, object]]:
    """Return what is counted, and how many there are of it."""
    sizes = record.states.sizes
    known = [(state, sizes[state]) for state in STATES if sizes.get(state, "?") != "?"]
    failed = "✗ failed tries" if "retrying" in sizes else "✗ failed"
    at_work = [] if sizes else [("in hand", record.at_work())]
    return [("waiting", waiting), *at_work, *known, ("✓ done", record.done), (failed, record.failed)]


def _counts(record: Record, waiting: "int | str") -> str:
    tries = "tries" if "retrying" in record.states.sizes else "jobs"
    counts = [_count(name, number) for name, number in _told(record, waiting)]
    counts.append(f"<span><b data-run>{record.rate():.1f}</b> {tries}/s</span>")
    number = waiting if isinstance(waiting, int) else 0
    more = f" + {number - MOST_TOKENS}" if number > MOST_TOKENS else ""
    tokens = f'<div class="luffy-tokens" aria-hidden="true">{"■" * min(number, MOST_TOKENS)}{more}</div>'
    return f'<div class="luffy-counts">{" ".join(counts)}</div>{tokens}'


def _count(name: str, number: object) -> str:
    bad = ' class="luffy-fail"' if number and name in ("dead", "✗ failed", "✗ failed tries") else ""
    return f"<span{bad}>{name} <b{' data-run' * name.endswith('tries')}>{escape(str(number))}</b></span>"


def _chosen(kept: tuple[Kept, ...]) -> list[Kept]:
    """Return those for which there is room: of each state some, and the next ones."""
    by_state = [[one for one in kept if one.state == state] for state in ("retrying", "dead", "scheduled")]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*by_state))
    return sorted(itertools.islice(filter(None, turns), KEPT_SHOWN), key=kept.index)


def _kept(kept: Kept, live: bool) -> str:
    when = {
        "scheduled": _when(kept.due, live),
        "retrying": f"try {(kept.tries or 0) + 1} {_when(kept.due, live)}",
        "dead": "" if kept.tries is None else f"after {kept.tries} {'try' if kept.tries == 1 else 'tries'}",
    }[kept.state]
    error = f": {escape(_cut(kept.error, 70))}" if kept.error else ""
    kind = "luffy-fail" if kept.state == "dead" else "luffy-quiet"
    cells = [
        f'<span class="luffy-name"><span class="{kind}">{kept.state}</span></span>',
        f'<span class="luffy-due">{when}</span>',
        f'<span class="luffy-text">{escape(_cut(kept.job))}{error}</span>',
    ]
    return f'<div class="luffy-row">{" ".join(cells)}</div>'


def _when(seconds: float, live: bool) -> str:
    """Return when a job is due: in how long, and of a board to which no news will come, at what time."""
    if not live:
        form = "at <span data-run>%H:%M:%S</span>" if seconds < DAY else "on <span data-run>%Y-%m-%d</span>"
        return time.strftime(form, time.localtime(time.time() + seconds))
    if seconds <= 0:
        return "now"
    if seconds < 60:
        return f"in {seconds:.1f} s"
    if seconds < HOUR:
        return f"in {int(seconds) // 60} min {int(seconds) % 60} s"
    return f"in {seconds // HOUR:.0f} h" if seconds < 2 * DAY else f"in {seconds // DAY:.0f} days"


def _name(lane: str) -> str:
    """Return a lane's name as HTML; which of several threads or processors it is, is of this run."""
    return re.sub(r"\d+$", r"<span data-run>\g<0></span>", escape(_cut(lane, 22)))


def _lane(lane: Lane, now: float, failures: bool) -> str:
    """Return a lane; a processor at rest with the last job's error when `failures` are to be told here."""
    kind, left, width, bar = "", 0.0, 0.0, "luffy-work"
    if lane.begun:
        job, spent = lane.begun, now - lane.begun.at
        if job.expected:
            width = min(spent / job.expected, 1) * 100
        else:
            left, width = 80 * (1 - abs((spent / 2) % 2 - 1)), 20.0  # there and back in 4 s
        text = f"{escape(_cut(job.job))} {spent:.1f} s"
    elif lane.last and lane.last.error is not None and (failures or not lane.processor):
        kind, width, bar = ' class="luffy-fail"', 100.0, "luffy-failed"
        text = escape(f"✗ {_cut(lane.last.job)}: {_cut(lane.last.error, 70)}")
    elif lane.last and not lane.processor:
        width, bar = 100.0, "luffy-over"
        text = f"✓ {escape(_cut(lane.last.job))} <span data-run>{lane.last.took:.1f}</span> s"
    else:
        kind = ' class="luffy-quiet"'
        text = "stopped" if lane.over else "idle"
    place = f"left: {left:.0f}%; width: {width:.0f}%"
    tally = [f"✓ {lane.done}"] * bool(lane.done) + [f"✗ {lane.failed}"] * bool(lane.failed)
    cells = [
        f'<span class="luffy-name">{escape(_cut(lane.name, 22)) if lane.processor else _name(lane.name)}</span>',
        f'<span class="luffy-bar" aria-hidden="true"><i class="{bar}" style="{place}"></i></span>',
        f'<span class="luffy-text"><span{kind}>{text}</span></span>',
        f'<span class="luffy-tally" data-run>{"  ".join(tally) if lane.processor else ""}</span>',
    ]
    return f'<div class="luffy-lane">{" ".join(cells)}</div>'


def _summary(lanes: list[Lane]) -> str:
    signs = {"at work": "■", "failed": "✗", "idle": "·", "finished": "✓"}
    kinds = [_kind(lane) for lane in lanes]
    told = ", ".join(f"{kinds.count(kind)} {kind} {sign}" for kind, sign in signs.items() if kind in kinds)
    many = "".join(
        f'<span class="luffy-bad">{signs[kind]}</span>' if kind == "failed" else signs[kind] for kind in kinds
    )
    return f'<div>{len(lanes)} lanes: {told}</div><div class="luffy-many" aria-hidden="true">{many}</div>'


def _kind(lane: Lane) -> str:
    if lane.begun:
        return "at work"
    if lane.last and lane.last.error is not None:
        return "failed"
    return "finished" if lane.over else "idle"


def _cut(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
