"""One engine, with one set of settings, and one fault, tried once."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import redis

from faulty.engines import AWAY, ENGINES, GRACE, LONG, PATIENCE, watched
from faulty.servers import STARTS_WITHIN, Host, Rabbit, Server, Valkey, until

APPS = Path(__file__).parent
ROOT = APPS.parents[1]
MOST = 6  # how often a job may be bad
STARTING = threading.Semaphore(4)
"""Who starts something, or is about to see what came of it: others wait, for a busy machine would spoil its times."""

RESTART = 1.0  # seconds after which a worker that has ended is started again, as systemd would


@dataclass
class Record:
    """What was seen of one job in one run. Times are seconds from when the clock of its fault starts."""

    begins: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    dead: float | None = None  # when it was first seen where failed jobs are kept
    left: list[str] = field(default_factory=list)  # where it was at the end
    watched: float = 0.0
    exits: list[str] = field(default_factory=list)  # of main programs: with what each ended by itself
    gone: bool = False  # whether the process that had begun the job first is no more


class Worker:
    """A worker as its users start it, and again when it ends by itself, as systemd would."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.exits: list[str] = []
        self.restart_at = float("inf")
        self.process = self.launch()

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start its program in a session of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                cwd=APPS,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def look(self) -> None:
        """Note when it has ended by itself, and start it again a second later."""
        if self.process.poll() is not None and self.restart_at == float("inf"):
            self.exits.append(code(self.process.returncode))
            self.restart_at = time.monotonic() + RESTART
        if time.monotonic() > self.restart_at:
            self.kill()  # what it has left behind
            self.process, self.restart_at = self.launch(), float("inf")

    def everybody(self) -> list[psutil.Process]:
        """Return all processes of its session: main program, children, and what those have left."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if os.getsid(process.pid) == self.process.pid:
                    found.append(process)
        return found

    def kill(self) -> None:
        """Kill -9 everything of it."""
        while processes := [one for one in self.everybody() if alive(one)]:
            for hurt in (psutil.Process.suspend, psutil.Process.kill):  # none gets what another leaves behind
                for process in processes:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        hurt(process)
            self.process.wait()
            psutil.wait_procs(processes, 1)

    def again(self) -> None:
        """Start it anew after `kill`."""
        self.process, self.restart_at = self.launch(), float("inf")


def alive(process: psutil.Process) -> bool:
    """Whether a process runs."""
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def code(number: int) -> str:
    """Return how a program ended, in words."""
    return f"exits {number}" if number >= 0 else f"killed by {signal.Signals(-number).name}"


class Cell:
    """One engine, with one set of settings, and one fault, tried once."""

    def __init__(self, key: str, settings: str, fault: str, scaled: bool, rabbits: dict[str, Rabbit]) -> None:
        self.key, self.engine, self.settings, self.fault, self.scaled = key, ENGINES[key], settings, fault, scaled
        self.safest = settings == "safest"
        self.rabbits = rabbits
        self.others = 1  # jobs that were put meanwhile, and one
        self.name = f"job-{os.urandom(6).hex()}"

    def run(self) -> list[tuple[str, Record]]:
        """Try it. Return what was seen of each job, behind the fault that it stands for."""
        with tempfile.TemporaryDirectory(prefix="faults-") as name, contextlib.ExitStack() as stack:
            self.starting = stack.enter_context(contextlib.ExitStack())
            self.starting.enter_context(STARTING)
            folder = Path(name)
            self.notes = folder / "notes"
            self.notes.touch()
            self.server = self.serve(folder, stack)
            self.environment = os.environ | self.engine.environment | {
                "FAULTS_SETTINGS": self.settings,
                "FAULTS_BROKER": self.server.url,
                "FAULTS_NOTES": str(self.notes),
                "PYTHONPATH": f"{APPS}:{ROOT}",
                "REDIS_URL": self.server.url,
                "RQ_REDIS_URL": self.server.url,
            }  # fmt: skip
            if self.scaled:
                self.environment["FAULTS_PATIENCE"] = str(PATIENCE)
            count = 1 if self.fault == "away" else 2
            command = self.engine.command(count, self.safest, self.scaled)
            self.worker = Worker(command, self.environment, folder / "log")
            stack.callback(self.worker.kill)
            try:
                self.put("warm", "sleeps", 0, 0)
                self.must(lambda: self.seen("end", "warm"), "do its first job")
                return list(getattr(self, self.fault)())
            except (RuntimeError, subprocess.SubprocessError, OSError) as error:
                last = (folder / "log").read_text(errors="replace")[-1500:]
                raise RuntimeError(f"{error}\n{last}") from error

    def serve(self, folder: Path, stack: contextlib.ExitStack) -> Any:
        """Return the server of this cell."""
        if self.engine.server == "redis":
            server = Valkey(folder)
            stack.callback(server.close)
            server.start()
            return server
        if self.fault == "away":
            (folder / "rabbit").mkdir()
            rabbit = Rabbit(folder / "rabbit", 1)
            stack.callback(rabbit.close)
            rabbit.start()
            return Host(rabbit)
        impatient = self.fault == "too_long" and (self.safest or self.key == "celery-rabbitmq") and self.scaled
        host = Host(self.rabbits["impatient" if impatient else "patient"])
        stack.callback(host.free, self.engine)
        return host

    def put(self, name: str, kind: str, first: float, later: float, delay: float = 0, other: str = "") -> None:
        """Put a job, and another one that takes half a second."""
        if self.engine.app.endswith(".rb"):
            command = ["ruby", self.engine.app, name, kind, str(first), str(later), str(delay), other]
        else:
            call = f"import {self.engine.app} as app; app.put({name!r}, {kind!r}, {first}, {later}, delay={delay})"
            call += f"; app.put({other!r}, {kind!r}, 0.5, 0.5, delay=0)" if other else ""
            command = [sys.executable, "-c", call]
        done = subprocess.run(
            command, cwd=APPS, env=self.environment, timeout=STARTS_WITHIN, check=False, stdout=-1, stderr=-2
        )
        if done.returncode:
            raise RuntimeError(f"it could not put a job: {done.stdout.decode(errors='replace')[-1000:]}")

    def all_seen(self, what: str, name: str) -> list[tuple[int, float]]:
        """Return in which processes, and when, a job began, or ended."""
        lines = (line.split() for line in self.notes.read_text().splitlines())
        return [(int(pid), float(at)) for kind, job, pid, at in lines if (kind, job) == (what, name)]

    def seen(self, what: str, name: str = "") -> bool:
        """Whether a job has begun, or ended."""
        return bool(self.all_seen(what, name or self.name))

    def must(self, true: Callable[[], Any], what: str) -> None:
        """Wait until something is true. Raise RuntimeError when it does not become so."""
        if not until(true, STARTS_WITHIN):
            raise RuntimeError(f"{self.engine.name} did not {what}")

    def begin(self, kind: str, first: float, later: float) -> int:
        """Put the job, and wait until it has begun, a second ago. Return in which process."""
        self.put(self.name, kind, first, later)
        self.must(lambda: self.seen("begin"), "begin the job")
        if kind == "sleeps":
            time.sleep(1)
        return self.all_seen("begin", self.name)[0][0]

    def watch(self, name: str, since: float, over: Callable[[Record], bool] | None = None) -> Record:
        """Look at a job until it is over, or has been watched for long enough, and return what was seen."""
        patience, record, looked = watched(self.key, self.settings, self.fault, self.scaled), Record(), 0.0
        over = over or (lambda record: self.seen("end", name) or record.dead is not None)

        def settled() -> bool:
            nonlocal looked
            self.worker.look()
            self.traffic(since)
            if self.engine.dead and self.engine.server == "redis" and record.dead is None and time.time() > looked + 1:
                looked = time.time()
                with contextlib.suppress(redis.ConnectionError):
                    if any(place.startswith(self.engine.dead) for place in self.server.places(self.engine, name)):
                        record.dead = round(time.time() - since, 2)
            return over(record)

        until(settled, 5)
        self.starting.close()
        if until(settled, since + patience - time.time()):
            until(lambda: self.worker.look(), 3)  # whether it is done once more at once, and what ends
        record.watched = round(time.time() - since)
        return self.close(record, name, since)

    def traffic(self, since: float) -> None:
        """Put another job each five seconds, where the engine needs that."""
        if self.engine.traffic and time.time() > since + 5 * self.others:
            self.others += 1
            self.put(f"other-{self.others}", "sleeps", 0, 0)

    def close(self, record: Record, name: str, since: float) -> Record:
        """End the worker, and note what is left of the job."""
        begun = self.all_seen("begin", name)
        record.gone = bool(begun) and not (psutil.pid_exists(begun[0][0]) and alive(psutil.Process(begun[0][0])))
        record.exits = list(self.worker.exits)
        self.worker.kill()
        record.begins = [round(at - since, 2) for _, at in self.all_seen("begin", name)]
        record.ends = [round(at - since, 2) for _, at in self.all_seen("end", name)]
        if not record.ends:
            # RabbitMQ has back what was in the hand of a worker a moment after its end.
            until(lambda: self.server.places(self.engine, name), 3, 0.2)
            record.left = self.server.places(self.engine, name)
            if record.dead is None and record.left and all(map(self.is_dead, record.left)):
                record.dead = record.watched
        return record

    def is_dead(self, place: str) -> bool:
        """Whether a place is where jobs are kept as failed."""
        return place.startswith(self.engine.dead)

    def kill_job(self) -> Iterator[tuple[str, Record]]:
        """Kill the process with the job; the others of the worker stay."""
        os.kill(self.begin("sleeps", LONG * 10, 0.5), signal.SIGKILL)
        yield self.fault, self.watch(self.name, time.time())

    def kill_all(self) -> Iterator[tuple[str, Record]]:
        """Kill everything, and start a new worker."""
        self.begin("sleeps", LONG * 10, 0.5)
        self.worker.kill()
        killed = time.time()
        self.worker.again()
        yield self.fault, self.watch(self.name, killed)

    def stop(self) -> Iterator[tuple[str, Record]]:
        """Ask it to stop, by the signal that is made for that; start a new worker when it has ended."""
        self.begin("sleeps", 5, 0.5)
        asked = time.time()
        told = signal.SIGTERM if self.safest else self.engine.stop  # `huey_consumer -g TERM`
        self.worker.process.send_signal(told)
        self.starting.close()
        if until(lambda: self.worker.process.poll() is not None, 60):
            said = f"{code(self.worker.process.returncode)} after {time.time() - asked:.0f} s"
        else:
            said = "goes on for a minute"
        self.worker.kill()
        self.worker.exits.append(said)
        self.worker.again()
        yield self.fault, self.watch(self.name, asked)

    def term(self) -> Iterator[tuple[str, Record]]:
        """Do as Docker does: TERM, and KILL after ten seconds; start a new worker."""
        self.begin("sleeps", LONG * 10, 0.5)
        self.worker.process.send_signal(signal.SIGTERM)
        asked = time.time()
        self.starting.close()
        if until(lambda: self.worker.process.poll() is not None, GRACE):
            said = f"{code(self.worker.process.returncode)} after {time.time() - asked:.0f} s"
        else:
            said = f"has to be killed after {GRACE} s"
        self.worker.kill()
        ended = time.time()
        self.worker.exits.append(said)
        self.worker.again()
        yield self.fault, self.watch(self.name, ended)

    def away(self) -> Iterator[tuple[str, Record]]:
        """Take the server away for ten seconds; one job runs and ends meanwhile, another waits."""
        waiting = f"waits-{self.name}"
        server: Server = self.server if isinstance(self.server, Valkey) else self.server.server
        self.put(self.name, "sleeps", 8, 0.5, other=waiting)
        self.must(lambda: self.seen("begin"), "begin the job")
        server.stop()
        if self.seen("end"):
            raise RuntimeError("the job had ended before the server was stopped")
        self.starting.close()
        back = time.monotonic() + AWAY
        until(lambda: self.worker.look() or time.monotonic() > back, AWAY + 1)
        server.start()
        since = time.time()

        def over(_: Record) -> bool:  # an engine may find out later that a job was not acknowledged
            return self.seen("end") and self.seen("end", waiting) and time.time() > since + 60

        running = self.watch(self.name, since, over)
        yield "away_running", running
        other = self.close(Record(watched=running.watched), waiting, since)
        other.gone = running.gone
        yield "away_waiting", other

    def too_long(self) -> Iterator[tuple[str, Record]]:
        """Let a job take longer than the engine wants to wait."""
        long = LONG if self.scaled else 700  # longer than the 10 minutes of Dramatiq
        self.begin("sleeps", long, long)
        began = self.all_seen("begin", self.name)[0][1]

        def over(record: Record) -> bool:  # what has ended may be begun again when nobody can acknowledge it
            return record.dead is not None or (self.seen("end") and time.time() > began + long + 25)

        yield self.fault, self.watch(self.name, began, over)

    def exit(self) -> Iterator[tuple[str, Record]]:
        """Let a job call `sys.exit()` each time."""
        yield self.fault, self.bad("exits")

    def poison(self) -> Iterator[tuple[str, Record]]:
        """Let a job kill its process each time, but not for ever."""
        yield self.fault, self.bad("kills")

    def bad(self, kind: str) -> Record:
        """Let a job be bad each time; watch it as long as it is begun again, at most so often, or is dead."""
        self.begin(kind, 0.5, 0.5)
        began = self.all_seen("begin", self.name)[0][1]

        def over(record: Record) -> bool:
            return record.dead is not None or len(self.all_seen("begin", self.name)) >= MOST

        return self.watch(self.name, began, over)

    def scheduled(self) -> Iterator[tuple[str, Record]]:
        """Kill everything while a job waits for its time, and start a new worker."""
        delay = 20  # Dramatiq looks for new ones each 5 to 10 s
        self.put(self.name, "sleeps", 0.5, 0.5, delay)
        due = time.time() + delay
        self.starting.close()
        time.sleep(delay / 2)  # the engine has had time to fetch it early
        self.worker.kill()
        self.worker.again()
        until(lambda: time.time() > due, delay)
        yield self.fault, self.watch(self.name, due)
