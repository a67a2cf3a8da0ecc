"""Beyond one Redis: queues on several servers, and a Redis Cluster of three nodes. `python benchmarks/beyond.py`.

Starts servers of its own. First three processes drain three queues: of one server, of three, of one node of a cluster,
and of its three nodes. They do so once as fast as they can, and once while each server is stopped for most of the time,
as if its core were that much slower. Then keys of each step move to another node while jobs are added and done.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from engines import ROOT, busy, free_port, machine, middle, own_server, table
from redis.crc import key_slot

from luffy_lesson.host.steps import step, steps

NODES, SLOTS, PATIENCE = 3, 1 << 14, 60  # the last in seconds
QUEUES = ("mail", "pictures", "reports")
PADDING = "x" * 10_000
RUNS, PERIOD = 0.1, 0.05  # for which part of the time a server that is held runs, and of how many seconds


# A process that drains one queue: it is told how, answers a line when it is ready, and another when it is done


def drain(settings: dict[str, Any], jobs: int) -> None:
    """Do so many jobs with five threads, and say when the first began and the last."""
    system, at = step(), list[float]()
    complete = threading.Event()

    class Noop(system.Worker):  # type: ignore[misc, name-defined]
        """The job."""

        def perform(self, _: str) -> None:
            """Note that it began."""
            at.append(time.monotonic())
            if len(at) == jobs:
                complete.set()

    system.Luffy.backend = system.RedisBackend(**settings)
    print("ready", flush=True)
    sys.stdin.readline()
    pool = system.Processor.start(5)
    complete.wait(PATIENCE)
    pool.stop(timeout=PATIENCE)
    print(json.dumps([len(at), min(at, default=0), max(at, default=0)]), flush=True)


class Drain:
    """Such a process, from outside."""

    def __init__(self, url: str, settings: dict[str, Any], jobs: int) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, __file__, "--drain", json.dumps([settings, jobs])]
        environment = os.environ | {"REDIS_URL": url, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True, process_group=0)
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.stdout.readline()

    def go(self) -> None:
        """Let it begin."""
        print(file=self.stdin, flush=True)

    def result(self) -> list[float]:
        """Return how many jobs have begun, when the first did and when the last."""
        return json.loads(self.stdout.readline())  # type: ignore[no-any-return]

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


# The servers


def own_cluster(stack: contextlib.ExitStack) -> list[str]:
    """Run a cluster of three nodes that share the slots; give their addresses."""
    password, buses = os.urandom(16).hex(), [free_port() for _ in range(NODES)]
    addresses = [
        stack.enter_context(own_server("cluster-enabled yes", f"cluster-port {bus}", password=password))
        for bus in buses
    ]
    nodes = [stack.enter_context(redis.Redis.from_url(address)) for address in addresses]
    for number, node in enumerate(nodes):
        first, beyond = number * SLOTS // NODES, (number + 1) * SLOTS // NODES
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, beyond - 1)
        node.config_set("primaryauth", password)
        for other, bus in zip(nodes[:number], buses, strict=False):
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", other.get_connection_kwargs()["port"], bus)
    for node in nodes:
        wait(lambda node=node: b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO"))
    return addresses


def wait(condition: Any) -> None:
    """Wait until something is so. Raise TimeoutError after a minute."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def tags() -> list[str]:
    """Return a hash tag for each queue: the first node has the keys of the first, and so on."""
    many = [[f"{name}{number}" for number in range(99)] for name in QUEUES]
    return [next(tag for tag in some if place_of(tag) == place) for place, some in enumerate(many)]


def place_of(tag: str) -> int:
    """Return the number of the node that has the keys with a hash tag."""
    return key_slot(tag.encode()) * NODES // SLOTS


@contextlib.contextmanager
def held(pids: list[int], hold: bool) -> Iterator[None]:
    """Stop servers for most of the time, in turn."""
    over = threading.Event()

    def alternate() -> None:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        while not over.is_set():
            for pid in pids:  # one after the other: there are fewer cores than servers
                os.kill(pid, signal.SIGCONT)
                over.wait(RUNS * PERIOD)
                os.kill(pid, signal.SIGSTOP)
            over.wait((1 - RUNS * len(pids)) * PERIOD)

    thread = threading.Thread(target=alternate)
    if hold:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if hold:
            thread.join()
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


def measure(
    servers: list[redis.Redis], places: list[tuple[str, dict[str, Any]]], jobs: int, hold: bool
) -> tuple[float, int]:
    """Return how many jobs a second three processes do, each those of one queue, of a server and with settings.

    And how many of the three servers have had them.
    """
    system = step()
    with contextlib.ExitStack() as stack:
        for name, (url, settings) in zip(QUEUES, places, strict=True):
            backend = system.RedisBackend(redis.Redis.from_url(url), **settings)
            worker = type("Noop", (system.Worker,), {"queue": name})
            system.Luffy.backend = backend
            worker.perform_bulk([[PADDING]] * jobs)
            stack.callback(backend.redis.close)
        pids = [server.info("server")["process_id"] for server in servers]
        have = sum(server.dbsize() > 0 for server in servers)
        drains = []
        for name, (url, settings) in zip(QUEUES, places, strict=True):
            drains.append(Drain(url, settings | {"queues": [name]}, jobs))
            stack.callback(drains[-1].close)
        with held(pids, hold):
            for one in drains:
                one.go()
            results = [one.result() for one in drains]
    if [count for count, _, _ in results] != [jobs] * NODES:
        raise RuntimeError(f"not all jobs were done: {results}")
    return NODES * jobs / (max(last for _, _, last in results) - min(first for _, first, _ in results)), have


# Keys that move


def moved(system: Any, addresses: list[str], jobs: int) -> dict[str, Any]:
    """Add jobs, and do them, while the keys move from one node of a cluster to another. Return what became of them."""
    done, refused = Counter[int](), 0
    nodes = [redis.Redis.from_url(address) for address in addresses]
    slot, owner = key_slot(b"luffy"), place_of("luffy")
    here, there = nodes[owner], nodes[(owner + 1) % NODES]

    class Note(system.Worker):  # type: ignore[misc, name-defined]
        """The job."""

        def perform(self, number: int) -> None:
            """Note which."""
            done[number] += 1

    def move(source: redis.Redis, to: redis.Redis) -> None:
        target = to.execute_command("CLUSTER", "MYID")
        source.execute_command("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target)

    def has(node: redis.Redis) -> bool:
        with contextlib.suppress(redis.ResponseError):
            return node.exists("{luffy}") == 0
        return False

    system.Luffy.backend = backend = system.RedisBackend(redis.Redis.from_url(addresses[owner - 1]), hash_tag="luffy")
    pool = system.Processor.start(5)
    for number in range(jobs):
        if number == jobs // 3:
            move(here, there)
        try:
            Note.perform_queue(number)
        except redis.RedisError:
            refused += 1
    wait(lambda: has(there))
    wait(lambda: len(done) >= jobs - refused)
    backend.join()
    pool.stop(timeout=PATIENCE)
    move(there, here)
    wait(lambda: has(here))
    for node in nodes:
        node.flushall()
        node.close()
    backend.redis.close()
    twice = sum(done.values()) - len(done)
    return {"refused": refused, "lost": jobs - refused - len(done), "twice": twice}


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (%(default)s)")
    parser.add_argument("--jobs", type=int, default=5000, help="how many a queue, of 10 kB (%(default)s)")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="the folder for results")
    options = parser.parse_args()
    rounds: list[dict[tuple[str, bool], float]] = []
    used, have = [], {}
    with contextlib.ExitStack() as stack:
        addresses = [stack.enter_context(own_server()) for _ in range(NODES)]
        nodes = own_cluster(stack)
        arrangements: dict[str, list[tuple[str, dict[str, Any]]]] = {
            "one server": [(addresses[0], {})] * NODES,
            "three servers, a queue on each": [(address, {}) for address in addresses],
            "a cluster of three, one hash tag": [(node, {"hash_tag": "luffy"}) for node in nodes],
            "a cluster of three, a tag for each queue": [
                (node, {"hash_tag": tag}) for node, tag in zip(nodes, tags(), strict=True)
            ],
        }
        servers = [stack.enter_context(redis.Redis.from_url(address)) for address in (*addresses, *nodes)]
        at = machine(servers[0])
        for number in range(options.rounds):
            used.append(busy())
            rounds.append({})
            for hold in (False, True):
                for name in [*arrangements][:: 1 if number % 2 else -1]:
                    three = servers[NODES:] if "cluster" in name else servers[:NODES]
                    for server in three:
                        server.flushall()
                    rounds[-1][name, hold], have[name] = measure(three, arrangements[name], options.jobs, hold)
                    print(f"round {number + 1}: {name}{', held' * hold}: {rounds[-1][name, hold]:,.0f} /s", flush=True)
        moves = {system.__name__: moved(system, nodes, 3000) for system in steps() if hasattr(system, "RedisBackend")}

    first = next(iter(arrangements))
    rows = [["", "servers with jobs", "drain /s", "ratio", f"drain /s, servers held to {RUNS:.0%}", "ratio"]]
    for name in arrangements:
        rows.append([name, str(have[name])])
        for hold in (False, True):
            rows[-1].append(middle([one[name, hold] for one in rounds]))
            rows[-1].append(middle([one[name, hold] / one[first, hold] for one in rounds], 2))
    seen = [["while the keys move to another node", "refused to callers", "lost", "done twice"]]
    for module, one in moves.items():
        seen.append([module.rpartition(".")[2], *(str(one[what]) for what in ("refused", "lost", "twice"))])
    report = (
        f"{at['date']}, {at['processor']}, {at['cores']} cores, Python {at['python']}, {at['server']}. "
        f"{options.rounds} rounds; the median of each, and its range. "
        f"Before a round others used at most {max(used):.0%} of the machine.\n\n{table(rows)}\n\n{table(seen)}\n"
    )
    print(f"\n{report}")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "beyond.md").write_text(report)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--drain"]:
        drain(*json.loads(sys.argv[2]))
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the processes started here end, too
        main()
