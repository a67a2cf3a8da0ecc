"""What several queues, and a process that can be watched, cost beside step 8: `python benchmarks/queues.py`.

Each round measures all of them in turn, in processes of their own, on a server with nothing else on it. What is printed
is the median of the ratios within the rounds, and their range. Only ratios carry over to other machines.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import redis

ROOT = Path(__file__).parents[1]
MANY, LONE = 50_000, 200  # jobs
CONTENDERS: dict[str, tuple[str, Any]] = {
    "step 8": ("step8_fast_queue", None),
    "step 9, one queue": ("step9_queues", None),
    "step 9, two queues": ("step9_queues", ["high", "low"]),
    "step 9, two by weight": ("step9_queues", {"high": 3, "low": 1}),
    "step 10, one queue": ("step10_process", None),
    "step 10, two queues": ("step10_process", ["high", "low"]),
}
MEASURES = {
    "bulk": "in bulk /s",
    "drain": "drain /s",
    "start": "start p50",
    "processor": "idle, processor",
    "commands": "idle, commands /s",
}


def measure(module: str, queues: Any, idle: float) -> dict[str, float]:
    """Measure a step, whose jobs wait in the last of `queues`; the others are empty."""
    step = importlib.import_module(f"luffy_lesson.{module}")
    last = [*queues][-1] if queues else "default"

    class Nothing(step.Worker):  # type: ignore[misc]
        queue, done, begun, at = last, 0, threading.Semaphore(0), 0.0

        def perform(self, number: int) -> None:
            Nothing.at = time.monotonic()
            Nothing.done += 1
            if number < 0:
                Nothing.begun.release()

    server = redis.Redis.from_url(os.environ["REDIS_URL"])
    step.Luffy.backend = backend = step.RedisBackend(**({"queues": queues} if queues else {}))
    begin = time.monotonic()
    Nothing.perform_bulk([[number] for number in range(MANY)])
    found = {"bulk": MANY / (time.monotonic() - begin)}
    begin = time.monotonic()
    pool = step.Processor.start(5)
    backend.join()
    assert Nothing.done == MANY
    found["drain"] = MANY / (Nothing.at - begin)
    starts = []
    payload = json.dumps({"worker": "Nothing", "args": [-1]})
    for _ in range(LONE):
        time.sleep(0.01)
        begin = time.monotonic()
        server.lpush("luffy:queue" if last == "default" else f"luffy:queues:{last}", payload)
        assert Nothing.begun.acquire(timeout=10)
        starts.append(Nothing.at - begin)
    found["start"] = statistics.median(starts)
    me = psutil.Process()
    before, asked = sum(me.cpu_times()[:2]), server.info("stats")["total_commands_processed"]
    time.sleep(idle)
    found["processor"] = (sum(me.cpu_times()[:2]) - before) / idle
    found["commands"] = (server.info("stats")["total_commands_processed"] - asked) / idle
    pool.stop(timeout=30)
    return found


def main() -> None:
    """Measure, and print."""
    sys.path.insert(0, str(ROOT))
    from engines import busy, own_server, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=10, help="seconds")
    options = parser.parse_args()
    rounds: list[dict[str, dict[str, float]]] = []
    used = busy()
    with own_server() as address, redis.Redis.from_url(address) as server:
        for number in range(options.rounds):
            rounds.append({})
            for name in [*CONTENDERS][:: 1 if number % 2 else -1]:
                server.flushdb()
                command = [sys.executable, __file__, "--child", name, str(options.idle)]
                environment = os.environ | {"REDIS_URL": address, "PYTHONPATH": str(ROOT)}
                output = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
                rounds[-1][name] = json.loads(output)
    print(f"Before, {used:.0%} of the machine was in use.")
    first = next(iter(CONTENDERS))
    rows = [["beside step 8: median (range)", *MEASURES.values()]]
    figures = [statistics.median(one[first][measure] for one in rounds) for measure in MEASURES]
    rows.append([f"{first}, itself", *(f"{value:,.{0 if value > 100 else 4}f}" for value in figures)])
    for name in list(CONTENDERS)[1:]:
        rows.append([name])
        for measure in MEASURES:
            ratios = [one[name][measure] / one[first][measure] for one in rounds]
            rows[-1].append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(table(rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measure(*CONTENDERS[sys.argv[2]], float(sys.argv[3]))))
    else:
        main()
