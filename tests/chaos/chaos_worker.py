"""A process with processors that note what they have done where no queue is: `chaos_worker.py FOLDER NAME STEP`.

It ends when its standard input does, so none outlives the harness, and on TERM and INT; on TSTP it is quiet. That is
step 10, with a pool of any step.
"""

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import redis

from luffy_lesson import step8_fast_queue
from luffy_lesson.host.steps import STEPS, step
from luffy_lesson.step10_process import Luffy, Process, Worker

THREADS = 2  # of each process
SYSTEMS: dict[str, Any] = {str(number): step(number) for number in STEPS if number >= 7}
BACKENDS = {name: system.RedisBackend for name, system in SYSTEMS.items()}
WEIGHTS = {"default": 3, "high": 2, "low": 1}
QUEUES = {name: WEIGHTS if hasattr(one, "key_of") else {} for name, one in BACKENDS.items()}
# Jobs that each thread may have done and not acknowledged, in one queue.
BATCH = {name: 10 if hasattr(one, "batch_most") else 0 for name, one in BACKENDS.items()}
REGISTERED = [name for name, one in BACKENDS.items() if hasattr(one, "processes")]
DEADLINE = {name: 0.02 if name in REGISTERED else 10 for name in SYSTEMS}  # seconds; before step 10, jobs must end
BEAT_EVERY, GONE_AFTER = 0.5, 4.0  # seconds; so long, because the keeper of a busy machine beats late
KINDS = ["plain"] * 7 + ["raises"]  # what a job does; all but the plain ones do it the first time only
DEADLY = ["dies before", "dies after"]


class Notes:
    """The file where this process notes what it has done."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.file = os.open(folder / f"{name}.done", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, number: int) -> None:
        os.write(self.file, f"{number} {time.time()}\n".encode())  # in one go: threads share the file
        os.fsync(self.file)

    def first(self, number: int) -> bool:
        """Whether nobody has asked this of the job before."""
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.folder / f"{number}.begun", os.O_CREAT | os.O_EXCL))
            return True
        return False


class Chore(Worker):
    """A job that takes a while and is noted, and fails first if it is of that kind."""

    notes: Notes
    retries = 1000

    @staticmethod
    def backoff(tries: int) -> float:
        return random.uniform(0, 0.3)

    def perform(self, number: int, kind: str, seconds: float) -> None:
        ill = kind != "plain" and self.notes.first(number)
        if ill and kind == "dies before":
            os.kill(os.getpid(), signal.SIGKILL)
        if ill and kind == "forks":
            fork()
        time.sleep(seconds)
        if ill and kind == "raises":
            raise RuntimeError("the first time, it fails")
        self.notes.add(number)
        if ill and kind == "dies after":
            os.kill(os.getpid(), signal.SIGKILL)


class High(Chore):
    """One whose jobs have a queue of their own, and are unique."""

    queue = "high"
    unique_for = 600


class Low(Chore):
    queue = "low"


def backend(step: str, connection: "redis.Redis | None" = None) -> Any:
    """Return a backend of a step, on all its queues."""
    settings = {"queues": QUEUES[step]} if QUEUES[step] else {}
    return BACKENDS[step](connection, **settings)


def fork() -> None:
    """Let a child fall back into the loop. It must end by itself: who must kill it ends this process, too."""
    pid = os.fork()
    if pid == 0:
        raise RuntimeError("in the child")
    deadline = time.monotonic() + 10
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.write(2, b"a forked child works on\n")
            os._exit(1)
        time.sleep(0.01)


def main() -> None:
    folder, name, step = Path(sys.argv[1]), *sys.argv[2:]
    process, end = Process(DEADLINE[step]), sys.stdin.fileno()
    process.listen()
    settings = BACKENDS[step]
    settings.beat_every, settings.gone_after, settings.poll_every = BEAT_EVERY, GONE_AFTER, 0.1
    settings.most_crashes = 1_000_000  # jobs are innocent here, however often they are killed
    step8_fast_queue.RedisBackend.batch_most = BATCH["8"]
    while Luffy.backend is None and process.next(0.1, end) is None:
        with contextlib.suppress(redis.RedisError):  # the server may just be down
            Luffy.backend = backend(step)
    if Luffy.backend:
        Chore.notes = Notes(folder, name)  # its file says that this process is ready
        os._exit(process.run(SYSTEMS[step].Processor.start(THREADS), end))


if __name__ == "__main__":
    main()
