"""What a change has done to step 8's speed, beside the build before: `python benchmarks/before.py 8dfa0aa`.

Each measurement is made with both builds in turn, in processes of their own, on a server with nothing else on it. What
is printed is the median of the ratios within the pairs, and their range. Only ratios carry over to other machines.
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

ROOT = Path(__file__).parents[1]
BATCH = 200  # jobs that the bare loop fetches at once

# Each of the builds


def work(processors: int) -> dict[str, float]:
    """Do jobs until standard input ends. Return how many, and when the last was done."""
    from luffy_lesson import step8_fast_queue as step

    class Nothing(step.Worker):
        count, at = itertools.count(), 0.0

        def perform(self, number: int) -> None:
            next(Nothing.count)
            Nothing.at = time.monotonic()

    step.Luffy.backend = step.RedisBackend()
    pool = step.Processor.start(processors)
    say("ready")
    begin = time.process_time()
    sys.stdin.read()
    pool.stop(timeout=30)
    jobs = next(Nothing.count)
    return {"jobs": jobs, "end": Nothing.at, "cpu": time.process_time() - begin}


def loop() -> dict[str, float]:
    """Do jobs in a bare loop, with the build's own script and decoder and no system around it, until there are none."""
    from luffy_lesson import step8_fast_queue as step

    count = 0

    class Nothing(step.Worker):
        def perform(self, number: int) -> None:
            nonlocal count
            count += 1

    server, mine = step.RedisBackend().redis, "luffy:queue:in_flight:bare"
    by_count = hasattr(step, "Message")  # before that, jobs were acknowledged by value
    message: Any = step.Message if by_count else vars(step)["Job"]
    say("ready")
    sys.stdin.read()
    begin = time.process_time()
    batch: list[bytes] = []
    while True:
        done = (
            [len(batch), len(batch), BATCH] if by_count else [BATCH, *itertools.chain(*((mine, one) for one in batch))]
        )
        batch = server.eval(step.FETCH, 2, "luffy:queue", mine, *done)
        if not batch:
            return {"jobs": count, "end": time.monotonic(), "cpu": time.process_time() - begin}
        for payload in batch:
            message(payload).perform()


def call(threads: int, calls: int, raw: bool) -> dict[str, float]:
    """Put jobs from so many threads, through `perform_queue` or through redis-py alone."""
    from luffy_lesson import step8_fast_queue as step

    class Nothing(step.Worker):
        pass

    step.Luffy.backend = step.RedisBackend()
    client = redis.Redis.from_url(os.environ["REDIS_URL"])

    def push(number: int) -> object:
        return client.lpush("luffy:queue", json.dumps({"worker": "Nothing", "args": [number]}))

    one: Callable[[int], object] = push if raw else Nothing.perform_queue
    at_once = threading.Barrier(threads + 1)

    def run() -> None:
        one(0)  # a connection of its own
        at_once.wait()
        for number in range(calls):
            one(number)

    callers = [threading.Thread(target=run) for _ in range(threads)]
    for caller in callers:
        caller.start()
    at_once.wait()
    begin, cpu = time.monotonic(), time.process_time()
    for caller in callers:
        caller.join()
    seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
    jobs = int(client.llen("luffy:queue")) - threads
    return {"jobs": jobs, "seconds": seconds, "cpu": cpu}


def say(line: object) -> None:
    """Tell the process that measures."""
    print(line, flush=True)


# Side by side


class Measured(dict[str, float]):
    """How many `jobs` were performed, in how many `seconds`, with how much `cpu` of the clients."""

    rate = property(lambda self: self["jobs"] / self["seconds"])
    cpu = property(lambda self: self["cpu"] / self["jobs"])


class Build:
    """A build of the course, and the server on which it is measured."""

    def __init__(self, tree: Path, address: str) -> None:
        self.server = redis.Redis.from_url(address)
        self.environment = os.environ | {"REDIS_URL": address, "PYTHONPATH": str(tree)}

    @contextlib.contextmanager
    def child(self, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
        """Run this file with that build."""
        command = [sys.executable, __file__, "--child", *map(str, arguments)]
        with subprocess.Popen(command, env=self.environment, stdin=-1, stdout=-1, text=True) as child:
            try:
                yield child
            finally:
                child.kill()

    def calls(self, threads: int, calls: int, raw: bool = False) -> Measured:
        """Measure callers."""
        self.server.flushdb()
        with self.child("call", threads, calls, int(raw)) as child:
            found = Measured(json.loads(child.communicate(timeout=300)[0]))
        assert found["jobs"] == threads * calls, found
        return found

    def drains(self, jobs: int, processes: int, *arguments: object) -> Measured:
        """Let processes do all jobs, which are there at once."""
        self.server.flushdb()
        for start in range(0, jobs, 1000):
            numbers = range(start, min(start + 1000, jobs))
            payloads = [b'{"worker": "Nothing", "args": [%d], "id": "%024x"}' % (one, one) for one in numbers]
            self.server.lpush("luffy:aside", *payloads)
        with contextlib.ExitStack() as stack:
            children = [stack.enter_context(self.child(*arguments)) for _ in range(processes)]
            for child in children:
                assert child.stdout
                child.stdout.readline()
            begin = time.monotonic()
            self.server.rename("luffy:aside", "luffy:queue")
            while arguments[0] == "work" and self.server.keys("luffy:queue*") not in ([], [b"luffy:queue:hearts"]):
                time.sleep(0.02)
            parts = [json.loads(child.communicate(timeout=300)[0]) for child in children]
        total = {name: sum(part[name] for part in parts) for name in ("jobs", "cpu")}
        assert total["jobs"] == jobs, total
        return Measured(total | {"seconds": max(part["end"] for part in parts) - begin})


def compare(before: Build, now: Build, jobs: int, calls: int, first: Build) -> dict[str, tuple[float, ...]]:
    """Measure each thing with both builds; return ratios and what they are ratios of, by name."""
    order = [first, now if first is before else before]

    def pair(measure: Callable[[Build], Measured]) -> tuple[Measured, Measured]:
        found = {id(build): measure(build) for build in order}
        return found[id(before)], found[id(now)]

    one = pair(lambda build: build.drains(jobs, 1, "work", 1))
    five = pair(lambda build: build.drains(jobs, 1, "work", 5))
    two = pair(lambda build: build.drains(jobs, 2, "work", 5))
    bare = pair(lambda build: build.drains(jobs, 1, "loop"))
    alone = pair(lambda build: build.calls(1, calls))
    many = pair(lambda build: build.calls(8, calls // 8))
    raw = [now.calls(threads, calls // threads, raw=True) for threads in (1, 8)]
    told = lambda *pair: tuple(part.rate for part in pair)  # noqa: E731
    return {
        "drain, one processor, now / before": (one[1].rate / one[0].rate, *told(*one)),
        "drain, five processors, now / before": (five[1].rate / five[0].rate, *told(*five)),
        "processor time a job, one, now / before": (one[1].cpu / one[0].cpu, 1e6 * one[0].cpu, 1e6 * one[1].cpu),
        "processor time a job, five, now / before": (five[1].cpu / five[0].cpu, 1e6 * five[0].cpu, 1e6 * five[1].cpu),
        "bare loop, now / before": (bare[1].rate / bare[0].rate, *told(*bare)),
        "one processor / bare loop, before": (one[0].rate / bare[0].rate, *told(bare[0], one[0])),
        "one processor / bare loop, now": (one[1].rate / bare[1].rate, *told(bare[1], one[1])),
        "five processors / bare loop, now": (five[1].rate / bare[1].rate, *told(bare[1], five[1])),
        "two processes / one, of five, before": (two[0].rate / five[0].rate, *told(five[0], two[0])),
        "two processes / one, of five, now": (two[1].rate / five[1].rate, *told(five[1], two[1])),
        "perform_queue, one thread, now / before": (alone[1].rate / alone[0].rate, *told(*alone)),
        "perform_queue, one thread, now / redis-py": (alone[1].rate / raw[0].rate, *told(raw[0], alone[1])),
        "perform_queue, eight threads, now / before": (many[1].rate / many[0].rate, *told(*many)),
        "perform_queue, eight threads, before / redis-py": (many[0].rate / raw[1].rate, *told(raw[1], many[0])),
        "perform_queue, eight threads, now / redis-py": (many[1].rate / raw[1].rate, *told(raw[1], many[1])),
    }


def check_out(revision: str, tree: str) -> None:
    """Put the package of a commit into the folder `tree`."""
    command = ["git", "archive", revision, "luffy_lesson"]
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)


def main() -> None:
    """Measure, and print."""
    sys.path.insert(0, str(ROOT))
    from engines import own_server, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="the build before")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=100_000, help="in the queue before each drain")
    parser.add_argument("--calls", type=int, default=16_000, help="of perform_queue")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, ...]]] = {}
    with tempfile.TemporaryDirectory(prefix="luffy_lesson_before_") as tree, own_server() as address:
        check_out(options.revision, tree)
        before, now = Build(Path(tree), address), Build(ROOT, address)
        for number in range(options.pairs):
            first = [before, now][number % 2]
            for name, values in compare(before, now, options.jobs, options.calls, first).items():
                found.setdefault(name, []).append(values)
            print(
                f"pair {number + 1} of {options.pairs}: all {options.jobs:,} jobs of each drain performed", flush=True
            )
    rows = [["", "ratio", "range", "of", "what"]]
    for name, pairs in found.items():
        ratios, divisors, dividends = zip(*pairs, strict=True)
        digits = 1 if "processor time" in name else 0
        amounts = [f"{statistics.median(values):,.{digits}f}" for values in (divisors, dividends)]
        rows.append([name, f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}", *amounts])
    print(table(rows))
    print("The last columns are jobs a second, and microseconds of processor time a job.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        kind, *numbers = sys.argv[2:]
        say(json.dumps({"work": work, "loop": loop, "call": call}[kind](*map(int, numbers))))  # type: ignore[operator]
    else:
        main()
