"""What a board costs: jobs a second with the steps alone, with the hooks, with a live board, and with a live map.

Measured in a kernel, as in a notebook. Processors work on a stream of jobs that never ends, and the four take turns at
it, in random order and less than half a second each: a machine is faster now and slower then, by far more than what is
measured, and so only neighbours are compared. The loss is that of a round; its quartiles over all rounds are printed.
"""

import argparse
import os
import queue
import random
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from luffy_lesson.host.redis_server import RedisServer  # noqa: E402
from luffy_lesson.launcher.kernel import ThisPython  # noqa: E402
from luffy_lesson.step4_redis_queue import Luffy, Processor, RedisBackend, Worker  # noqa: E402

WAYS = ("steps alone", "hooks", "live board", "live map")
LOADS = {"5 processors, jobs wait 5 ms": ("Waits", 5), "1 processor, jobs compute 1 ms": ("Computes", 1)}
"""About a thousand jobs a second each."""

done: list[None] = []
"""One for each job that is done."""


class Waits(Worker):
    """A job that waits for something else."""

    def perform(self, _: int) -> None:
        """Wait for 5 ms."""
        time.sleep(0.005)
        done.append(None)


class Computes(Worker):
    """A job that needs the processor."""

    def perform(self, rounds: int) -> None:
        """Count."""
        for _ in range(rounds):
            pass
        done.append(None)


class Quick(Worker):
    """A job that is nothing but a job."""

    def perform(self, _: int) -> None:
        """Do nothing."""


def throughput(load: str, where: str, rounds: int, seconds: float) -> list[dict[str, float]]:
    """Let processors work without a pause, and each way in turn look on. Return the jobs a second of each."""
    from luffy_lesson.classroom.watch import hooks
    from luffy_lesson.classroom.watch.board import Board
    from luffy_lesson.classroom.watch.live_map import LiveMap

    views = dict(zip(WAYS[2:], (lambda: None, LiveMap), strict=True))
    name, processors = LOADS[load]
    worker, argument = globals()[name], rounds_in_a_millisecond()
    backend = Luffy.backend = RedisBackend() if where == "Redis" else queue.Queue()
    over = threading.Event()

    def feed() -> None:
        while not over.wait(0.02):
            while backend.qsize() < 100 and not over.is_set():  # processors may keep pace with it
                worker.perform_queue(argument)

    feeder = threading.Thread(target=feed)
    feeder.start()
    hooks.install()  # a board has seen the processors start
    pool = Processor.start(processors)
    rates = []
    for _ in range(rounds):
        rate, updates = {}, []
        for way in random.sample(WAYS, len(WAYS)):
            hooks.uninstall() if way == WAYS[0] else hooks.install()
            if way in views:
                board = Board(show=lambda html, _, updates=updates: updates.append(html), view=views[way]())
            time.sleep(0.05)  # what it takes to open a board is no loss of throughput
            updates.clear()
            before, begin = len(done), time.monotonic()
            time.sleep(seconds)
            number, took = len(done) - before, time.monotonic() - begin
            rate[way] = number / took
            if way in views:
                rate[f"{way}: updates"] = len(updates) / took
                board.close()
        rates.append(rate)
    over.set()
    feeder.join()
    pool.stop()
    if where == "Redis":
        backend.redis.delete(RedisBackend.key)
    return rates


def memory(jobs: int, on_map: bool) -> list[list[float]]:
    """Do many jobs with a live board, or map. Return how many, the process's megabytes, and the jobs kept, often."""
    import psutil

    from luffy_lesson.classroom.watch import hooks
    from luffy_lesson.classroom.watch.board import Board
    from luffy_lesson.classroom.watch.live_map import LiveMap

    hooks.install()
    Luffy.backend = queue.Queue(maxsize=1000)
    board = Board(view=LiveMap() if on_map else None)
    pool = Processor.start(5)
    rows = []
    for part in range(1, 6):
        for number in range(jobs // 5):
            Quick.perform_queue(number)
        Luffy.backend.join()
        rows.append([part * jobs // 5, psutil.Process().memory_info().rss / 1e6, len(board.jobs)])
    pool.stop()
    board.close()
    return rows


def in_a_kernel(call: str) -> Any:
    """Return what a call to a function of this file returns in a fresh kernel."""
    printed = []
    path = [str(ROOT), str(Path(__file__).parent)]
    manager = KernelManager(kernel_spec_manager=ThisPython())
    manager.start_kernel(stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": os.pathsep.join(path)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        code = f"import board as benchmark; print('answer', benchmark.{call})"
        client.execute_interactive(code, output_hook=lambda message: printed.append(message["content"]), timeout=600)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answers = [content["text"] for content in printed if content.get("text", "").startswith("answer ")]
    if not answers:
        raise RuntimeError(f"{call} has no answer: {printed}")
    return eval(answers[0].removeprefix("answer "), {})


def rounds_in_a_millisecond() -> int:
    """Return how often a loop goes round in a millisecond on this machine, at its best."""
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        for _ in range(100_000):
            pass
        times.append(time.perf_counter() - begin)
    return int(100 / min(times))


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=60, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.4, help="for how long (%(default)s)")
    parser.add_argument("--jobs", type=int, default=200_000, help="how many for the memory (%(default)s)")
    parser.add_argument("--queue", choices=["memory", "Redis"], action="append", help="of which queue (both)")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error("a loss has quartiles from two rounds on: --rounds 2 or more")

    os.environ["REDIS_URL"] = f"{RedisServer().start()}/63"
    print(f"{f'jobs/s, median of {options.rounds}':45}" + "".join(f"{way:>13}" for way in WAYS))
    for where in options.queue or ("memory", "Redis"):
        for load in LOADS:
            rounds = in_a_kernel(f"throughput({load!r}, {where!r}, {options.rounds}, {options.seconds})")
            rates = [statistics.median(one[way] for one in rounds) for way in WAYS]
            print(f"{where + ': ' + load:45}" + "".join(f"{rate:13.0f}" for rate in rates))
            for than in WAYS[:2]:
                for way in WAYS[WAYS.index(than) + 1 :]:
                    low, middle, high = statistics.quantiles(1 - one[way] / one[than] for one in rounds)
                    print(f"  {way} loses {middle:.1%} of {than} (half of the rounds: {low:.1%} to {high:.1%})")
            for way in WAYS[2:]:
                print(f"  {way}: at most {max(one[f'{way}: updates'] for one in rounds):.1f} updates a second")
    for on_map, way in enumerate(WAYS[2:]):
        print(f"\n{f'memory with a {way}':45}{'MB':>13}{'jobs kept':>13}")
        for jobs, megabytes, kept in in_a_kernel(f"memory({options.jobs}, {on_map})"):
            print(f"{f'  after {jobs} jobs':45}{megabytes:13.1f}{kept:13}")


if __name__ == "__main__":
    main()
