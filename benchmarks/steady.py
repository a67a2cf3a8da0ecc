"""What step 8 costs over time: an idle worker, slow jobs, a million jobs, a second process.

Starts a server of its own, and prints a table of what was measured beside what is hoped for.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import redis

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from engines import own_server, table  # noqa: E402

from luffy_lesson.step8_fast_queue import Luffy, Processor, RedisBackend, Worker  # noqa: E402

IDLE, MANY, FEW = 180, 1_000_000, 200_000  # seconds, jobs, jobs


class Nothing(Worker):
    """A job that does nothing."""

    def perform(self, number: int) -> None:
        """Do it."""


class Slow(Worker):
    """A job that waits."""

    def perform(self) -> None:
        """Wait."""
        time.sleep(0.05)


class Told(Worker):
    """A job that says that it has begun."""

    began = threading.Event()
    at = 0.0

    def perform(self) -> None:
        """Say so."""
        Told.at = time.monotonic()
        Told.began.set()


def put(jobs: int, aside: bool = False) -> None:
    """Put so many jobs in the queue, or aside."""
    backend: Any = Luffy.backend
    backend.key = "luffy:aside" if aside else "luffy:queue"
    for start in range(0, jobs, 50_000):
        Nothing.perform_bulk([[number] for number in range(start, start + 50_000)])
    backend.key = "luffy:queue"


def drain(jobs: int) -> float:
    """Return how many jobs a second this process does."""
    put(jobs)
    begin = time.monotonic()
    pool = Processor.start(5)
    wait_empty()
    seconds = time.monotonic() - begin
    pool.stop(timeout=30)
    return jobs / seconds


def wait_empty() -> None:
    """Wait until no job waits and none is in flight: finer than `join`."""
    backend: Any = Luffy.backend
    while backend.look() != [0]:
        time.sleep(0.002)


def two_processes(address: str) -> float:
    """Return how many jobs a second two processes do, this one not included."""
    program = [sys.executable, "-m", "luffy_lesson", "work", str(Path(__file__).resolve()), "-c5", "--until-eof"]
    environment = os.environ | {"REDIS_URL": address, "PYTHONPATH": str(ROOT)}
    workers = [subprocess.Popen(program, env=environment, stdin=-1, stdout=-1) for _ in range(2)]
    try:
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()  # its processors are ready
        put(FEW, aside=True)
        with redis.Redis.from_url(address) as connection:
            begin = time.monotonic()
            connection.rename("luffy:aside", "luffy:queue")  # all are there at once
            wait_empty()
            return FEW / (time.monotonic() - begin)
    finally:
        for worker in workers:
            worker.communicate()


def main() -> None:
    """Measure, and print."""
    rows = [["", "measured", "hoped for"]]
    with own_server() as address:
        os.environ["REDIS_URL"] = address
        Luffy.backend = RedisBackend()
        me = psutil.Process()

        pool = Processor.start(5)
        time.sleep(1)
        before = me.cpu_times()
        time.sleep(IDLE)
        after = me.cpu_times()
        share = (after.user + after.system - before.user - before.system) / IDLE
        rows.append([f"idle for {IDLE} s, five processors", f"{share:.2%} of a core", "under 1 %"])
        begin = time.monotonic()
        Told.perform_queue()
        Told.began.wait(10)
        rows.append(["then a lone job starts after", f"{(Told.at - begin) * 1000:.1f} ms", "a millisecond or so"])
        pool.stop(timeout=30)

        ratios = []
        for _ in range(5):
            Slow.perform_bulk([[]] * 200)
            begin = time.monotonic()
            pool = Processor.start(5)
            wait_empty()
            ratios.append((time.monotonic() - begin) / 2)
            pool.stop(timeout=30)
        text = f"{sorted(ratios)[2]:.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        rows.append(["200 jobs of 50 ms on five processors, times 2.0 s", text, "1.02 at most"])

        one = drain(FEW)
        sizes = []
        for _ in range(0, MANY, FEW):
            drain(FEW)
            sizes.append(me.memory_info().rss / 1e6)
        rows.append([f"memory while {MANY:,} jobs pass", ", ".join(f"{size:.0f}" for size in sizes) + " MB", "flat"])

        two = two_processes(address)
        rows.append(["jobs a second: one process, two", f"{one:,.0f}, {two:,.0f}", "two not slower"])
    print(table(rows))


if __name__ == "__main__":
    main()
