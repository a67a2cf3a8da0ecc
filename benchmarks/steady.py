"""What step 8 costs over time, beside the build before: `python benchmarks/steady.py 8dfa0aa`.

An idle worker, a lone job, slow jobs, the memory while many jobs pass. Each round measures both builds in turn, in
processes of their own, on a server with nothing else on it.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import redis

ROOT = Path(__file__).parents[1]
LONE, SLOW, MANY = 50, 200, 200_000  # jobs


def measure(idle: int, times: int) -> dict[str, list[float]]:
    """Measure the build that is imported: `idle` seconds of nothing, and `times` many jobs."""
    from luffy_lesson.step8_fast_queue import Luffy, Processor, RedisBackend, Worker

    class Nothing(Worker):
        def perform(self, number: int) -> None:
            pass

    class Slow(Worker):
        def perform(self) -> None:
            time.sleep(0.05)

    class Told(Worker):
        began, at = threading.Semaphore(0), 0.0

        def perform(self) -> None:
            Told.at = time.monotonic()
            Told.began.release()

    def seconds_until_empty() -> float:
        begin = time.monotonic()
        while server.keys("luffy:queue*") not in ([], [b"luffy:queue:hearts"]):
            time.sleep(0.002)
        return time.monotonic() - begin

    server = redis.Redis.from_url(os.environ["REDIS_URL"])
    Luffy.backend = RedisBackend()
    me = psutil.Process()
    pool = Processor.start(5)
    time.sleep(1)
    before = sum(me.cpu_times()[:2])
    time.sleep(idle)
    found = {"idle": [100 * (sum(me.cpu_times()[:2]) - before) / idle], "lone": [], "slow": [], "memory": []}
    for _ in range(LONE):
        begin = time.monotonic()
        Told.perform_queue()
        assert Told.began.acquire(timeout=10)
        found["lone"].append(1000 * (Told.at - begin))
        seconds_until_empty()
    pool.stop(timeout=30)
    for _ in range(5):
        Slow.perform_bulk([[]] * SLOW)
        pool = Processor.start(5)
        found["slow"].append(seconds_until_empty() / (SLOW * 0.05 / 5))
        pool.stop(timeout=30)
    for _ in range(times):
        Nothing.perform_bulk([[number] for number in range(MANY)])
        pool = Processor.start(5)
        seconds_until_empty()
        pool.stop(timeout=30)
        found["memory"].append(me.memory_info().rss / 1e6)
    return found


def main() -> None:
    """Measure, and print."""
    sys.path.insert(0, str(ROOT))
    from before import check_out
    from engines import own_server, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="the build before")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=int, default=30, help="seconds")
    parser.add_argument("--times", type=int, default=5, help=f"how often {MANY:,} jobs pass")
    options = parser.parse_args()
    found: dict[str, dict[str, list[list[float]]]] = {}
    with tempfile.TemporaryDirectory(prefix="luffy_lesson_steady_") as tree, own_server() as address:
        check_out(options.revision, tree)
        for number in range(options.rounds):
            builds = [("before", tree), ("now", str(ROOT))]
            for name, path in builds[:: 1 if number % 2 else -1]:
                with redis.Redis.from_url(address) as server:
                    server.flushdb()
                command = [sys.executable, __file__, "--child", str(options.idle), str(options.times)]
                environment = os.environ | {"REDIS_URL": address, "PYTHONPATH": path}
                output = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
                for what, values in json.loads(output).items():
                    found.setdefault(what, {}).setdefault(name, []).append(values)
    titles = {
        "idle": ("five idle processors, % of a core", 2),
        "lone": ("a lone job starts after, ms", 2),
        "slow": (f"{SLOW} jobs of 50 ms on five processors, times 2 s", 3),
        "memory": (f"memory, MB, each after {MANY:,} jobs more", 0),
    }
    rows = [["median (range)", "before", "now"]]
    for what, (title, digits) in titles.items():
        rows.append([title])
        for name in ("before", "now"):
            values = [*itertools.chain(*found[what][name])]
            median, least, most = (f"{call(values):.{digits}f}" for call in (statistics.median, min, max))
            rows[-1].append(f"{median} ({least} to {most})")
    print(table(rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measure(*map(int, sys.argv[2:]))))
    else:
        main()
