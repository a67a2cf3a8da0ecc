"""How the cost of a job grows in the course's newest step: with threads, processes, payload, queue, and distance.

Starts a server of its own, and where it is to be far away, a proxy that holds back what passes. Medians and ranges over
the rounds are printed, and written to a folder.
"""

import argparse
import contextlib
import queue
import random
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import redis
from contenders import Contender
from engines import MEASURES, ROOT, Process, busy, machine, middle, own_server, table

STEP_8 = [*Contender.program, "luffy", "0"]


class Case(NamedTuple):
    """What is measured."""

    label: str
    jobs: int = 100_000
    threads: int = 5
    processes: int = 1
    padding: int = 0
    away: float | None = None
    """Milliseconds for the way to the server and back, through a proxy; None is without one."""


CASES = (
    Case("5 processors, as in engines.py"),
    Case("1 processor", threads=1),
    Case("20 processors", threads=20),
    Case("2 processes with 5 each", processes=2),
    Case("an argument of 10 B", padding=10),
    Case("1 kB", padding=1000),
    Case("10 kB", jobs=10_000, padding=10_000),
    Case("100 kB", jobs=500, padding=100_000),
    Case("a queue of 100", jobs=100),
    Case("10,000", jobs=10_000),
    Case("1,000,000", jobs=1_000_000),
    Case("a proxy without delay", jobs=20_000, away=0),
    Case("the server 0.1 ms away", jobs=20_000, away=0.1),
    Case("1 ms", jobs=20_000, away=1),
    Case("10 ms", jobs=20_000, away=10),
)


@contextlib.contextmanager
def proxied(address: str, away: float) -> Iterator[str]:
    """Put a proxy before the server at `address`, which holds everything back, half of `away` each way."""
    parts = urlsplit(address)
    upstream = parts.hostname, parts.port
    delay = away / 2000

    def receive(source: socket.socket, waiting: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        data = b"more"
        while data:
            try:
                data = source.recv(1 << 20)
            except OSError:  # whoever was there has been killed
                data = b""
            waiting.put((time.monotonic() + delay, data))

    def send(waiting: "queue.SimpleQueue[tuple[float, bytes]]", target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                if (left := due - time.monotonic()) > 0:
                    time.sleep(left)
                if not data:
                    target.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener is closed at the end
            while True:
                client, server = listener.accept()[0], socket.create_connection(upstream)
                for source, target in ((client, server), (server, client)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                    threading.Thread(target=receive, args=[source, waiting], daemon=True).start()
                    threading.Thread(target=send, args=[waiting, target], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield address.replace(f":{parts.port}", f":{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)


def alone(address: str, command: bytes) -> float:
    """Return how often a second the server itself does a command, sent in pipelines by a client that reads no answer.

    Only the ends of its lines are counted: this is what `redis-benchmark -P` measures, and no Python in between.
    """
    parts = urlsplit(address)
    assert parts.password
    times, lines = 1000, 2 if command.startswith(b"RPOP") else 1
    with socket.create_connection((parts.hostname, parts.port)) as server:
        server.sendall(f"AUTH {parts.password}\r\n".encode())
        server.recv(100)
        begin, batches = time.monotonic(), 200
        for _ in range(batches):
            server.sendall(command * times)
            left = times * lines
            while left:
                left -= server.recv(1 << 16).count(b"\n")
        return times * batches / (time.monotonic() - begin)


def measure(case: Case, address: str) -> dict[str, float]:
    """Measure a case once, in an empty database."""
    environment = {"BENCHMARK_THREADS": str(case.threads), "BENCHMARK_PADDING": str(case.padding)}
    alone = min(case.jobs, 200 if case.away else 2000)
    with contextlib.ExitStack() as stack:
        at = address if case.away is None else stack.enter_context(proxied(address, case.away))
        environment["REDIS_URL"] = at
        connection = stack.enter_context(redis.Redis.from_url(at))
        connection.flushdb()
        pings = []
        for _ in range(20):
            begin = time.monotonic()
            connection.ping()
            pings.append((time.monotonic() - begin) * 1000)
        sender = stack.enter_context(Process(STEP_8, "send", environment))
        sender.ask("enqueue 20")
        enqueue = alone / sender.ask(f"enqueue {alone}")
        bulk = case.jobs / sender.ask(f"bulk {case.jobs}")
        workers = [stack.enter_context(Process(STEP_8, "work", environment)) for _ in range(case.processes)]
        drain = rate(workers, 20 + alone + case.jobs)
        delays = []
        for _ in range(50 if case.processes == 1 else 0):
            time.sleep(random.uniform(0.01, 0.02))
            workers[0].ask("expect 1")
            sender.ask("send")
            delays.append(workers[0].ask("wait")[1] * 1000)
    measured = {"enqueue": enqueue, "bulk": bulk, "drain": drain, "ping": statistics.median(pings)}
    return measured | ({"p50": statistics.median(delays)} if delays else {})


def rate(workers: list[Process], total: int) -> float:
    """Return how many jobs a second are done, from when all workers are at it."""
    if len(workers) == 1:
        workers[0].ask(f"expect {total}")
        begun, first, last = workers[0].ask("wait")
        return float((begun - 1) / (last - first))
    before: tuple[int, float] | None = None
    while True:
        counts = [worker.ask("count") for worker in workers]
        begun = sum(count for count, _, _ in counts)
        if before is None and all(count for count, _, _ in counts):
            before = begun, time.monotonic()
        if begun >= total:
            if before is None or before[0] >= total:
                raise RuntimeError(f"{total} jobs are too few for {len(workers)} workers")
            return (total - before[0]) / (max(last for _, _, last in counts) - before[1])
        time.sleep(0.01)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (%(default)s)")
    parser.add_argument("--most", type=int, default=1_000_000, help="how many jobs at most (%(default)s)")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="the folder for results")
    options = parser.parse_args()

    cases = [case._replace(jobs=min(case.jobs, options.most)) for case in CASES]
    rounds: list[dict[str, Any]] = []
    used = []
    with own_server() as address, redis.Redis.from_url(address) as connection:
        at = machine(connection)
        for number in range(options.rounds):
            used.append(busy())
            connection.flushdb()
            rounds.append(
                {"server": [alone(address, b"LPUSH alone 0123456789\r\n"), alone(address, b"RPOP alone\r\n")]}
            )
            for case in cases:
                print(f"round {number + 1}: {case.label}", flush=True)
                try:
                    rounds[-1][case.label] = measure(case, address)
                except RuntimeError as error:
                    print(f"  is skipped: {error}")

    measures = {"enqueue": 0, "bulk": 0, "drain": 0, "p50": 2, "ping": 2}
    rows = [["", "jobs", *(MEASURES.get(measure, "ping ms") for measure in measures)]]
    for case in cases:
        row = [case.label, f"{case.jobs:,}"]
        for measured, digits in measures.items():
            values = [one[case.label][measured] for one in rounds if measured in one.get(case.label, {})]
            row.append(middle(values, digits))
        rows.append(row)
    lpush, rpop = (middle([one["server"][place] for one in rounds]) for place in (0, 1))
    report = (
        f"{at['date']}, {at['processor']}, {at['cores']} cores, Python {at['python']}, {at['server']}. "
        f"{options.rounds} rounds; the median of each, and its range. "
        f"Before a round others used at most {max(used):.0%} of the machine.\n\n{table(rows)}\n\n"
        f"The server itself, sent a thousand commands at a time: {lpush} LPUSH a second, {rpop} RPOP.\n"
    )
    print(f"\n{report}")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "growth.md").write_text(report)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
