"""What the engines that people run lose: their workers are killed, stopped and cut off, and each job is watched.

Each cell is one engine, with one set of settings, and one fault. It has a worker and a server of its own (on RabbitMQ,
where the server is not what is hurt, a virtual host of its own), and puts one job. The job notes in a file when it
begins and when it ends. Many cells run side by side, for almost all of it is waiting.

`results/faults.json`, for whoever reads it with `load`:

    {"date": …, "machine": {"cores": 2, …}, "versions": {"celery": …, …},
     "engines": {engine: {"safest": its settings}, …},
     "faults": {fault: {"title": …, "clock": from when its seconds count}, …},
     "rows": [{"engine": "Celery, Redis", "settings": "defaults", "fault": "kill_all", "outcome": "lost",
               "outcomes": ["lost", "lost", "lost"], "seconds": [], "begun": [1, 1, 1], "watched": 60,
               "ends": what ends, and how, "setting": what changes it,
               "scaled": which setting is scaled here, from what to what; "" for none}, …],
     "unscaled": [such rows of those that are as they are, of `--unscaled`, …],
     "runs": [what each single run saw, …]}

An outcome is one of

- `done`: done once, as if nothing had happened;
- `again`: begun again, and done once;
- `twice`: done more than once;
- `endless`: begun again and again, until the harness ended it;
- `dead`: kept as failed: not done again unless somebody asks for it;
- `waits`: still on the server when the harness had waited for `watched` seconds, and not begun again;
- `lost`: nothing of it is left on the server.

`seconds` are those until it began again, one for each run where it did: for `dead`, until it was kept as failed.
`outcome` is the worst of `outcomes`.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import redis

sys.path.insert(0, str(Path(__file__).parents[1]))

from faulty.cell import MOST, Cell, Record
from faulty.engines import ENGINES, FAULTS, GROUPS, PATIENCE, SCALED, UNSCALED, what_changes
from faulty.servers import ENDING, Rabbit, Valkey

RESULTS = Path(__file__).parent / "results"
OUTCOMES = ("done", "again", "twice", "endless", "dead", "waits", "lost")
"""From the best to the worst."""


def load(path: Path = RESULTS / "faults.json") -> dict[str, Any]:
    """Return what was measured, as the head of this file describes it. Raise FileNotFoundError where nothing was."""
    return dict(json.loads(path.read_text()))


def outcome(record: Record, fault: str) -> tuple[str, float | None]:
    """Return what became of a job, and how many seconds it took to begin again, or to be kept as failed."""
    if fault in ("away_waiting", "kill_all", "term"):  # it may also have begun before
        later = [begin for begin in record.begins if begin > 0]
    else:
        later = record.begins if fault == "scheduled" else record.begins[1:]
    again = max(0.0, later[0]) if later else None
    if len(record.ends) > 1 or (record.ends and record.begins[-1] > record.ends[0]):
        return "twice", again
    if record.ends:
        return ("again" if len(record.begins) > 1 else "done"), again
    if record.dead is not None:
        return "dead", record.dead
    if again is not None and (record.left or len(record.begins) >= MOST):
        return "endless", again
    return ("waits" if record.left else "lost"), None


def what_ends(record: Record, fault: str) -> str:
    """Return which process ended, and with what."""
    if fault in ("kill_all", "scheduled"):
        return "everything"
    if record.exits and record.exits[0] == "killed by SIGKILL":
        return "the worker, which is one process"
    if fault in ("stop", "term") or record.exits:
        return f"the main program {record.exits[0]}"
    return "the process with the job" if record.gone else "nothing"


def rows(runs: list[dict[str, Any]], scaled: bool) -> list[dict[str, Any]]:
    """Return what several runs of the same have in common, a row each."""
    found = []
    for key, engine in ENGINES.items():
        for settings in engine.settings:
            for fault in FAULTS:
                cell = {"engine": engine.name, "settings": settings, "fault": fault}
                some = [Record(**run["record"]) for run in runs if cell.items() <= run.items()]
                if some:
                    texts = {"setting": what_changes(key, fault), "scaled": ""}
                    if scaled:
                        texts["scaled"] = SCALED.get((key, settings), {}).get(fault, "")
                    found.append(cell | in_common(some, fault) | texts)
    return found


def in_common(records: list[Record], fault: str) -> dict[str, Any]:
    """Return what several runs of one cell have in common."""
    words, times = zip(*(outcome(record, fault) for record in records), strict=True)
    return {
        "outcome": max(words, key=OUTCOMES.index),
        "outcomes": list(words),
        "seconds": sorted(round(each, 1) for each in times if each is not None),
        "begun": [len(record.begins) for record in records],
        "watched": max(record.watched for record in records),
        "ends": Counter(what_ends(record, fault) for record in records).most_common(1)[0][0],
    }


def versions() -> dict[str, str]:
    """Return the versions of all that takes part."""
    found = {"Python": platform.python_version()}
    for library in ("celery", "kombu", "dramatiq", "pika", "rq", "huey", "taskiq", "taskiq-redis", "redis"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[library] = importlib.metadata.version(library)
    with contextlib.suppress(OSError, IndexError):
        said = subprocess.run(["sidekiq", "--version"], capture_output=True, text=True, check=False, timeout=60)
        found["Sidekiq"] = said.stdout.split()[1]
    for folder in Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*"):
        found["RabbitMQ"] = folder.name.partition("-")[2]
    with tempfile.TemporaryDirectory() as name:
        server = Valkey(Path(name))
        try:
            server.start()
            found["Valkey"] = server.client.info("server")["valkey_version"]
        finally:
            server.close()
    return found


def seconds(values: list[float]) -> str:
    """Return times with their range: to a tenth below ten seconds, whole above."""
    if not values:
        return ""
    low, middle, high = (
        "< 0.1" if value < 0.05 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
        for value in (min(values), statistics.median(values), max(values))
    )
    return f"{middle} s" if low == high else f"{middle} s ({low} to {high})"


def told(one: dict[str, Any]) -> str:
    """Return what a cell of the table says."""
    times, begun = seconds(one["seconds"]), max(one["begun"])
    word = {
        "done": f"done, after {times}" if one["fault"] in ("scheduled", "away_waiting") and times else "done",
        "again": f"again after {times}",
        "twice": f"done twice, again after {times}" if times else "done twice",
        "endless": f"begun {begun} times, again after {times}",
        "dead": f"kept as failed after {times}" + (f", begun {begun} times" if begun > 1 else ""),
        "waits": f"not again in {one['watched']:.0f} s",
        "lost": "**lost**" + (f", begun {begun} times" if begun > 1 else ""),
    }[one["outcome"]]
    if one["scaled"]:
        word += " \\*"
    if len(set(one["outcomes"])) > 1:
        counts = Counter(one["outcomes"])
        word += f" ({', '.join(f'{name} {counts[name]}' for name in OUTCOMES if counts[name])})"
    return word


def cells(results: dict[str, Any], part: str = "rows") -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return the rows, by engine and settings, and then by fault."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for one in results[part]:
        found.setdefault((one["engine"], one["settings"]), {})[one["fault"]] = one
    return found


def line(parts: list[str]) -> str:
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(parts)} |"


def table(results: dict[str, Any]) -> str:
    """Return the table of outcomes in Markdown: a line for each engine and its settings, a column for each fault."""
    by_name, titles = cells(results), [fault["title"] for fault in results["faults"].values()]
    lines = [line(["", *titles]), line(["---"] * (len(titles) + 1))]
    for (engine, settings), found in by_name.items():
        texts = [told(found[fault]) if fault in found else "" for fault in results["faults"]]
        lines.append(line([f"{engine}, {settings}", *texts]))
    return "\n".join(lines)


def report(results: dict[str, Any]) -> str:
    """Return all that `faults.md` says."""
    at = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    rounds, cores = results["rounds"], results["machine"]["cores"]
    parts = [
        "# What is lost, done twice, and begun again",
        f"{results['date']}, {cores} cores, {at}. {rounds} runs of each; the median, and the range. Where runs differ, "
        "the worst is told, and behind it how often each.",
        table(results),
    ]
    clocks = [f"{fault['title']}: {fault['clock']}" for fault in results["faults"].values()]
    parts.append("Seconds count from\n\n" + "\n".join(f"- {clock}." for clock in clocks))
    parts.append(
        "*Done*: once, as if nothing had been. *Again*: begun again, and done once. *Kept as failed*: not done again "
        f"unless somebody asks for it. *Not again in N s*: still on the server then. ***Lost***: nothing of it is left "
        f"on the server. A job that is bad each time is ended by the harness when it has begun {MOST} times."
    )
    safest = [f"- {engine}: {one['safest']}." for engine, one in results["engines"].items() if one["safest"]]
    parts.append("## The safest settings\n\n" + "\n".join(safest))
    scaled: dict[str, list[str]] = {}
    for one in results["rows"]:
        if one["scaled"]:
            scaled.setdefault(f"{one['engine']}, {one['settings']}: {one['scaled']}", []).append(one["fault"])
    notes = [f"- {text} ({', '.join(faults)})." for text, faults in scaled.items()]
    parts.append("## \\* What is scaled\n\nThese wait for minutes or an hour as they come:\n\n" + "\n".join(notes))
    if results.get("unscaled"):
        lines = [line(["at its defaults, nothing scaled", "fault", ""]), line(["---"] * 3)]
        for one in results["unscaled"]:
            lines.append(line([one["engine"], results["faults"][one["fault"]]["title"], told(one)]))
        parts.append("## The long waits as they are\n\n" + "\n".join(lines))
    parts += [details(results, engine) for engine in results["engines"]]
    return "\n\n".join(parts) + "\n"


def details(results: dict[str, Any], engine: str) -> str:
    """Return what ends in an engine, and which setting changes it, in a table."""
    by_name = cells(results)
    columns = [settings for name, settings in by_name if name == engine]
    lines = [line(["", *[f"what ends, {settings}" for settings in columns], "what changes it"])]
    lines.append(line(["---"] * (len(columns) + 2)))
    for fault, about in results["faults"].items():
        found = [by_name[engine, settings].get(fault) for settings in columns]
        if any(found):
            ends = [one["ends"] if one else "" for one in found]
            lines.append(line([about["title"], *ends, next(filter(None, found))["setting"]]))
    return f"## {engine}\n\n" + "\n".join(lines)


SHOWN = ("kill_job", "kill_all")
BEYOND = {"dead": ("s", "kept as failed"), "waits": ("D", "not again in {watched:.0f} s"), "lost": ("X", "lost")}
"""What has no time: its marker, and its word."""


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw after how long a job begins again whose process is killed; what does not begin again has a column."""
    from matplotlib.figure import Figure

    by_name = cells(results)
    names = list(by_name)
    figure = Figure(figsize=(11, 0.34 * len(names) + 1.5), layout="constrained")
    for axes, fault in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN, strict=True):
        axes.set_title(results["faults"][fault]["title"], fontsize=11)
        for place, name in enumerate(names):
            axes.axhline(place, color="#eeeeee", linewidth=0.8, zorder=0)
            if fault in by_name[name]:
                draw_one(axes, place, by_name[name][fault], name[0].startswith("luffy"))
        axes.axvline(5000, color="#888888", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xlim(0.03, 1e6)
        axes.set_xticks([0.1, 1, 10, 60, 600], ["0.1 s", "1 s", "10 s", "1 min", "10 min"])
        axes.minorticks_off()
        axes.set_xlabel("begun again after (logarithmic; lines: range)", loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_yticks(range(len(names)), [", ".join(name) for name in names])
    axes.invert_yaxis()
    for label, (engine, _) in zip(figure.axes[0].get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if engine.startswith("luffy") else "normal")
    figure.supxlabel(
        "* and hollow: scaled. The engine waits for minutes, or an hour: see faults.md", fontsize=9, ha="left", x=0.2
    )
    figure.savefig(path, dpi=100)


def draw_one(axes: Any, place: int, one: dict[str, Any], ours: bool) -> None:
    """Draw one row: a time where the job began again, and a word where it did not."""
    beyond = Counter(word for word in one["outcomes"] if word in BEYOND)
    if beyond:
        word = max(beyond, key=OUTCOMES.index)
        marker, text = BEYOND[word]
        text = (
            text.format(**one)
            + " *" * bool(one["scaled"])
            + (f" ({beyond[word]} of {len(one['outcomes'])})" if len(set(one["outcomes"])) > 1 else "")
        )
        axes.plot(8500, place, marker, color="#b00000" if word == "lost" else "#666666", markersize=8)
        weight = "bold" if word == "lost" else "normal"
        axes.annotate(
            text, (8500, place), (8, 0), textcoords="offset points", va="center", fontsize=9, fontweight=weight
        )
    if one["seconds"] and not beyond["dead"]:
        values = [max(0.05, value) for value in one["seconds"]]  # a logarithmic axis has no 0
        colour = "#b26f00" if ours else "#0072b2"
        axes.plot([min(values), max(values)], [place, place], color=colour, linewidth=2)
        inside = "white" if one["scaled"] else colour
        axes.plot(statistics.median(values), place, "^" if ours else "o", color=colour, mfc=inside, markersize=7)
        text = seconds(one["seconds"]).partition(" (")[0] + " *" * bool(one["scaled"])
        axes.annotate(text, (max(values), place), (7, 0), textcoords="offset points", va="center", fontsize=9)


def main() -> None:
    """Try them all, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names, faults = list(ENGINES), list(FAULTS)
    parser.add_argument("--only", nargs="+", default=names, choices=names, metavar="ENGINE", help=", ".join(names))
    parser.add_argument("--faults", nargs="+", default=faults, choices=faults, metavar="FAULT", help=", ".join(faults))
    parser.add_argument("--rounds", type=int, default=3, help="how often each is tried (%(default)s)")
    parser.add_argument("--together", type=int, default=20, help="how many at once; four of them start (%(default)s)")
    parser.add_argument("--unscaled", action="store_true", help="only waits of minutes, as they are; half an hour")
    parser.add_argument("--tables", action="store_true", help="only write the tables and the picture again")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder for results")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))

    file = options.results / "faults.json"
    before = load(file) if file.exists() else {}
    if options.tables:
        write(before | {"rows": rows(before["runs"], scaled=True)}, options.results)
        return
    results = about(options.rounds)
    kept = before.get("versions") == results["versions"]
    todo = chosen(options.only, options.faults, options.unscaled) * options.rounds
    part, runs = ("unscaled", "unscaled_runs") if options.unscaled else ("rows", "runs")
    results = (before if kept else {"rows": [], "runs": []}) | results
    again = {(ENGINES[key].name, settings, group) for key, settings, group in todo}
    results[runs] = [
        run
        for run in results.get(runs, [])
        if (run["engine"], run["settings"], GROUPS.get(run["fault"], run["fault"])) not in again
    ]
    options.results.mkdir(exist_ok=True)
    for found in tried(todo, options.together, not options.unscaled):
        results[runs] += found
        results[part] = rows(results[runs], not options.unscaled)
        file.write_text(dumped(results))  # each time: it is kept if this is ended
    write(results, options.results)
    print(f"\n{table(results)}")


def about(rounds: int) -> dict[str, Any]:
    """Return what there is to tell of the place and the time."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": {"cores": os.cpu_count(), "system": platform.system()},
        "versions": versions(),
        "rounds": rounds,
        "faults": {name: {"title": fault.title, "clock": fault.clock} for name, fault in FAULTS.items()},
        "engines": {one.name: {"safest": one.safest} for one in ENGINES.values()},
    }


def dumped(results: dict[str, Any]) -> str:
    """Return JSON with a line for each row, and for each run."""
    parts = []
    for name, value in results.items():
        text = json.dumps(value)
        if isinstance(value, list):
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        parts.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def write(results: dict[str, Any], folder: Path) -> None:
    """Write what was measured, the tables, and the picture."""
    (folder / "faults.json").write_text(dumped(results))
    (folder / "faults.md").write_text(report(results))
    draw(results, folder / "faults.png")


def chosen(engines: list[str], faults: list[str], unscaled: bool) -> list[tuple[str, str, str]]:
    """Return which cells to try: engine, settings, and the method of `Cell`."""
    found = []
    for fault in faults:  # the engines in turn: some take the machine more than others
        for key in engines:
            for settings in ("defaults",) if unscaled else ENGINES[key].settings:
                if fault in (UNSCALED.get(key, ()) if unscaled else FAULTS) and fault not in ENGINES[key].not_there:
                    found.append((key, settings, GROUPS.get(fault, fault)))
    return list(dict.fromkeys(found))


def tried(todo: list[tuple[str, str, str]], together: int, scaled: bool) -> Iterator[list[dict[str, Any]]]:
    """Try cells, many at once, and give what was seen in each."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, contextlib.ExitStack() as stack:
        rabbits = {}
        if any(ENGINES[key].server == "rabbitmq" for key, _, _ in todo):
            for name, lines in {"patient": [], "impatient": [f"consumer_timeout = {PATIENCE * 1000}"]}.items():
                place = Path(folder, name)
                place.mkdir()
                rabbits[name] = Rabbit(place, together, *lines)
                stack.callback(rabbits[name].close)
                rabbits[name].start()
        with ThreadPoolExecutor(together) as pool:
            stack.callback(ENDING.set)
            futures = [pool.submit(attempt, *cell, scaled, rabbits) for cell in todo]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:
                ENDING.set()
                pool.shutdown(cancel_futures=True)
                raise


def attempt(key: str, settings: str, fault: str, scaled: bool, rabbits: dict[str, Rabbit]) -> list[dict[str, Any]]:
    """Try a cell; again, twice at most, when it could not be tried. Return its runs, none when it could not."""
    for _ in range(3):
        try:
            return [run(key, settings, *seen) for seen in Cell(key, settings, fault, scaled, rabbits).run()]
        except (RuntimeError, redis.RedisError) as error:
            print(f"{key}, {settings}, {fault}: {error}", flush=True)
            if ENDING.is_set():
                break
    return []


def run(key: str, settings: str, fault: str, record: Record) -> dict[str, Any]:
    """Return what there is to tell of a run, and print it."""
    word, after = outcome(record, fault)
    print(f"{key}, {settings}, {fault}: {word} {'' if after is None else round(after, 1)}", flush=True)
    return {"engine": ENGINES[key].name, "settings": settings, "fault": fault, "record": asdict(record)}


if __name__ == "__main__":
    main()
