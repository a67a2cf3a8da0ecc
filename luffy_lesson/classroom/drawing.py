"""How a board looks: a record of facts, as HTML."""

import itertools
import time
from html import escape

from luffy_lesson.classroom.record import KEPT_SHOWN, Kept, Lane, Record

MOST_LANES = 20
"""With more lanes than these, they are summed up."""

MOST_TOKENS = 40
"""With more jobs waiting than these, the rest is a number."""

STALE = 4
"""After how many seconds without news a board with jobs in hand says so: its kernel has ended, perhaps."""

STATES = ["in flight", "scheduled", "retrying", "dead"]
"""The states of jobs that do not wait, in the order in which they are told."""

HOUR, DAY = 60 * 60, 24 * 60 * 60  # seconds

STYLE = f"""<style>
.luffy-board {{
  --work: #0072b2; --wait: #b26f00; --fail: #c3142d; --quiet: #5f6770; --track: rgba(128, 128, 128, .22);
  color: var(--jp-content-font-color1, inherit); font-size: 13px; line-height: 20px; max-width: 62em;
  font-variant-numeric: tabular-nums; padding: 4px 0;
}}
[data-jp-theme-light="false"] .luffy-board {{ --work: #56b4e9; --wait: #f0b03f; --fail: #ff8080; --quiet: #a4acb5; }}
.luffy-counts {{ display: flex; flex-wrap: wrap; gap: 0 1.8em; }}
.luffy-counts > * + * {{ white-space: nowrap; }}
.luffy-counts b {{ display: inline-block; min-width: 1.6em; }}
.luffy-tokens {{ color: var(--wait); height: 20px; letter-spacing: 3px; overflow: hidden; white-space: nowrap; }}
.luffy-lane {{ display: grid; grid-template-columns: 10.5em minmax(6em, 1fr) minmax(17em, 2fr) 5.5em; gap: 0 1em; }}
.luffy-lane > * {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.luffy-bar {{ align-self: center; background: var(--track); border-radius: 3px; height: 12px; position: relative; }}
.luffy-bar i {{ background: var(--work); border-radius: 3px; height: 100%; position: absolute; }}
.luffy-quiet {{ color: var(--quiet); }}
.luffy-fail {{ color: var(--fail); font-weight: 600; }}
.luffy-bar .luffy-over {{ opacity: .45; }}
.luffy-bar .luffy-failed {{
  background: repeating-linear-gradient(135deg, var(--fail) 0 2px, transparent 2px 6px); outline: 1px solid var(--fail);
  outline-offset: -1px;
}}
.luffy-kept {{ border-top: 1px solid var(--track); height: {20 * KEPT_SHOWN}px; margin-top: 4px; padding-top: 4px; }}
.luffy-why {{ color: var(--fail); }}
.luffy-kept > :not(.luffy-quiet) {{ display: grid; grid-template-columns: 10.5em 11em minmax(6em, 1fr); gap: 0 1em; }}
.luffy-kept > * > * {{ overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.luffy-many {{ letter-spacing: 2px; overflow-wrap: anywhere; }}
.luffy-news {{ animation: luffy-stale 0s {STALE}s forwards; color: var(--fail); visibility: hidden; }}
@keyframes luffy-stale {{ to {{ visibility: visible; }} }}
</style>"""


def draw(record: Record, waiting: "int | str", live: bool) -> str:
    """Return the board as HTML.

    Args:
        record: the facts.
        waiting: how many jobs wait; or why that is not known.
        live: whether more news will come.
    """
    now = time.monotonic()
    lanes = list(record.lanes.values())
    parts, states = [_counts(record, waiting)], record.states
    kept = _chosen(states.kept)
    if len(lanes) > MOST_LANES:
        parts.append(_summary(lanes))
    else:
        parts += [_lane(lane, now) for lane in lanes]
        if not lanes:
            parts.append('<div class="luffy-quiet">nobody has worked in this process yet</div>')
    for job in record.failures if "retrying" not in states.sizes else ():  # else they are told below
        lane = next((lane for lane in lanes if lane.last is job), None)
        if lane is None or lane.in_hand or len(lanes) > MOST_LANES:
            parts.append(f'<div class="luffy-fail">✗ {escape(_cut(f"{job.lane}: {job.job}: {job.error}", 110))}</div>')
    if states.names:
        none = " or ".join(state for state in STATES[1:] if states.sizes.get(state) == 0)
        rows = [_kept(one, live) for one in kept] or [f'<div class="luffy-quiet">no job is {none}</div>'] * bool(none)
        parts.append(f'<div class="luffy-kept">{"".join(rows)}</div>')
    if live and (record.in_hand() or any(0 < one.due < HOUR for one in kept)):
        parts.append('<div class="luffy-news">No news from the kernel: this is how it was at last.</div>')
    return f'<div class="luffy-board" role="group" aria-label="board">{"".join(parts)}</div>'


def _counts(record: Record, waiting: "int | str") -> str:
    sizes = record.states.sizes
    told = [(state, sizes[state]) for state in STATES if state in sizes] if sizes else [("in hand", record.in_hand())]
    tries = " tries" if "retrying" in sizes else ""
    failed = f'<span class="{"luffy-fail" if record.failed else ""}">✗ failed{tries} <b>{record.failed}</b></span>'
    counts = [
        f"<span>waiting <b>{escape(str(waiting))}</b></span>",
        *(
            f'<span class="{"luffy-fail" if state == "dead" and size else ""}">{state} <b>{size}</b></span>'
            for state, size in told
            if size != "?"
        ),
        f"<span>✓ done <b>{record.done}</b></span>",
        failed,
        f"<span><b>{record.rate():.1f}</b>{tries or ' jobs'}/s</span>",
    ]
    number = waiting if isinstance(waiting, int) else 0
    more = f" + {number - MOST_TOKENS}" if number > MOST_TOKENS else ""
    tokens = f'<div class="luffy-tokens" aria-hidden="true">{"■" * min(number, MOST_TOKENS)}{more}</div>'
    return f'<div class="luffy-counts">{"".join(counts)}</div>{tokens}'


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
    error = f'<span class="luffy-why">: {escape(_cut(kept.error, 70))}</span>' if kept.error else ""
    kind = "luffy-fail" if kept.state == "dead" else "luffy-quiet"
    cells = f'<span class="{kind}">{kept.state}</span><span>{when}</span><span>{escape(_cut(kept.job))}{error}</span>'
    return f"<div>{cells}</div>"


def _when(seconds: float, live: bool) -> str:
    """Return when a job is due: in how long, and of a board to which no news will come, at what time."""
    if not live:
        return time.strftime("at %H:%M:%S" if seconds < DAY else "on %Y-%m-%d", time.localtime(time.time() + seconds))
    if seconds <= 0:
        return "now"
    if seconds < 60:
        return f"in {seconds:.1f} s"
    if seconds < HOUR:
        return f"in {int(seconds) // 60} min {int(seconds) % 60} s"
    return f"in {seconds // HOUR:.0f} h" if seconds < 2 * DAY else f"in {seconds // DAY:.0f} days"


def _lane(lane: Lane, now: float) -> str:
    kind, left, width, bar = "", 0.0, 0.0, ""
    if lane.in_hand:
        job, spent = lane.in_hand, now - lane.in_hand.at
        if job.expected:
            width = min(spent / job.expected, 1) * 100
        else:
            left, width = 80 * (1 - abs((spent / 2) % 2 - 1)), 20.0  # there and back in 4 s
        text = f"{_cut(job.job)} {spent:.1f} s"
    elif lane.last and lane.last.error is not None:
        kind, width, bar = "luffy-fail", 100.0, "luffy-failed"
        text = f"✗ {_cut(lane.last.job)}: {_cut(lane.last.error, 70)}"
    elif lane.last and not lane.processor:
        width, bar = 100.0, "luffy-over"
        text = f"✓ {_cut(lane.last.job)} {lane.last.took:.1f} s"
    else:
        kind = "luffy-quiet"
        text = "stopped" if lane.over else "idle"
    place = f"left: {left:.0f}%; width: {width:.0f}%"
    tally = [f"✓ {lane.done}"] * bool(lane.done) + [f"✗ {lane.failed}"] * bool(lane.failed)
    cells = [
        f"<span>{escape(_cut(lane.name, 22))}</span>",
        f'<span class="luffy-bar" aria-hidden="true"><i class="{bar}" style="{place}"></i></span>',
        f'<span class="{kind}">{escape(text)}</span>',
        f'<span class="luffy-quiet">{"  ".join(tally) if lane.processor else ""}</span>',
    ]
    return f'<div class="luffy-lane">{"".join(cells)}</div>'


def _summary(lanes: list[Lane]) -> str:
    signs = {"at work": "■", "failed": "✗", "idle": "·", "finished": "✓"}
    kinds = [_kind(lane) for lane in lanes]
    told = ", ".join(f"{kinds.count(kind)} {kind} {sign}" for kind, sign in signs.items() if kind in kinds)
    many = "".join(
        f'<span class="luffy-fail">{signs[kind]}</span>' if kind == "failed" else signs[kind] for kind in kinds
    )
    return f'<div>{len(lanes)} lanes: {told}</div><div class="luffy-many" aria-hidden="true">{many}</div>'


def _kind(lane: Lane) -> str:
    if lane.in_hand:
        return "at work"
    if lane.last and lane.last.error is not None:
        return "failed"
    return "finished" if lane.over else "idle"


def _cut(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
