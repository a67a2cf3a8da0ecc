"""The lesson that this notebook is: its start, its clock, and its own place in Redis."""

import contextlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterator

import redis

from luffy_lesson import redis_client, step3_memory_queue, step10_process
from luffy_lesson.classroom.experiments.benchmark import Measurement
from luffy_lesson.classroom.experiments.experiment import Experiment
from luffy_lesson.classroom.experiments.website import Website
from luffy_lesson.classroom.experiments.worker_process import WorkerProcess
from luffy_lesson.classroom.page import errors
from luffy_lesson.classroom.page.display import in_notebook
from luffy_lesson.classroom.watch import cell_output, hooks, pools
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.board import Board
from luffy_lesson.classroom.watch.fleet import Fleet
from luffy_lesson.host import doctor
from luffy_lesson.host.redis_server import RedisServer
from luffy_lesson.step4_redis_queue import RedisBackend, Worker

FIRST_WITH_REDIS = 4
"""The first lesson whose jobs wait in Redis."""


class Cleared(RedisBackend):
    """A backend that needs also what deletes the keys of a lesson."""

    _needs = f"{RedisBackend._needs} SCAN UNLINK"


class Lesson:
    """One lesson, in one notebook. The classroom has one: `lesson`."""

    number = 0
    _url: str | None = None  # what $REDIS_URL was set to here; another value is the user's own
    _here: redis.Redis | None = None  # says that this kernel is there

    def fresh(self, number: int | None = None) -> None:
        """Begin (again) with nothing running and nothing waiting. The first cell of a notebook, and its panic button.

        Stops the processors of this kernel, its worker processes, its website, its boards, its fleet and experiments;
        forgets the backend and the middleware; deletes this lesson's keys in Redis, which all begin with `luffy:`. The
        first time, in a notebook, it begins to watch the steps: for boards, and so that what a job prints appears under
        its cell.

        Args:
            number: which lesson this notebook is. Needed the first time only.

        Raises:
            RuntimeError: when the lesson's own Redis server cannot be started.
            redis.RedisError: when the server of `$REDIS_URL` does not answer, or cannot be used.
            ValueError: when `$REDIS_URL` is no address.
        """
        self.number = self.number if number is None else number
        if in_notebook():
            hooks.install()
            cell_output.install()
            errors.install()
        Website.close_open()
        for experiment in Experiment.shown:
            experiment.stop()
        for measurement in Measurement.shown:
            measurement.stop()
        Fleet.close_open()
        self._stop()
        for board in Board.open:
            board.close()
        step3_memory_queue.Luffy.backend = None
        step10_process.middleware.clear()
        if self.number >= FIRST_WITH_REDIS:
            self._fresh_redis()
        threads = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        at_work = ", ".join(thread.name for thread in threads if not thread.daemon or _of_a_cell(thread))
        print(
            f"Lesson {self.number}: nothing waits. Still at work, and nobody can stop them from outside: {at_work}."
            if at_work
            else f"Lesson {self.number}: nothing runs, nothing waits."
        )

    def clear(self) -> None:
        """Stop the processors and worker processes that an earlier cell has left, and throw away what waits.

        In Redis, these are all of this lesson's keys. The backend stays what it is.
        """
        self._stop()
        backend = step3_memory_queue.Luffy.backend
        if isinstance(backend, queue.Queue):
            with contextlib.suppress(queue.Empty):
                while True:
                    backend.get(block=False)
                    backend.task_done()
        if self.number >= FIRST_WITH_REDIS:
            with redis_client.connect(None) as connection:
                _empty(connection)

    def _stop(self) -> None:
        for process in list(WorkerProcess.running):
            process.kill()
        while pools.started:
            pool = pools.started.pop()
            getattr(pool, "kill", pool.quiet)()  # what an engine has in hand is thrown away, too
            try:
                pool.stop(timeout=5)
            except TimeoutError as error:
                print(error)
        backlog.forget()

    def _fresh_redis(self) -> None:
        if os.environ.get("REDIS_URL") in (None, "", self._url):
            # A database for each lesson: a kernel left running in one must not take the jobs of another.
            self._url = os.environ["REDIS_URL"] = f"{RedisServer().start()}/{self.number}"
            self._tell_of_others(self._url)
        else:
            print("You use your own Redis server ($REDIS_URL): notebooks that are open at once share its queue.")
        with Cleared().redis as connection:
            if warning := redis_client.warning(connection):
                print(warning)
            _empty(connection)
        # The workers of this notebook's cells are defined again when the cells are run again.
        for name, worker in list(Worker.registry.items()):
            if worker.__module__ == "__main__":
                del Worker.registry[name]

    def _tell_of_others(self, url: str) -> None:
        """Say that other kernels have this lesson open. Each is known by a connection that bears its name."""
        if self._here:
            self._here.close()
        self._here = redis.Redis.from_url(url, client_name=f"notebook:{os.getpid()}")
        self._here.ping()
        names = [client["name"] for client in self._here.client_list() if client["db"] == str(self.number)]
        if {name for name in names if name.startswith("notebook:")} - {f"notebook:{os.getpid()}"}:
            print(
                "Another kernel has this lesson open. Its queue is the same one, and was emptied as well: shut one of "
                "the two down (Kernel → Shut Down Kernel)."
            )


def _of_a_cell(thread: threading.Thread) -> bool:
    """Return whether a thread is in a function that a cell has defined. Jupyter's own threads are not."""
    top = sys._current_frames().get(thread.ident or 0)
    return bool(top) and any(frame.f_globals.get("__name__") == "__main__" for frame, _ in traceback.walk_stack(top))


def _empty(connection: redis.Redis) -> None:
    for key in connection.scan_iter("luffy:*", count=1000):
        connection.unlink(key)


def check_environment() -> None:
    """Print whether this notebook has what the course needs, and how to mend what is missing."""
    for finding in (doctor.python(), doctor.packages(jupyter=False), doctor.redis_server()):
        print(f"✓ {finding.name}" if finding.right else f"✗ {finding.name}: {finding.detail}\n  → {finding.mend}")


class Stopwatch:
    """What a stopwatch shows: whole seconds, as text."""

    shows = "it still runs"

    def __str__(self) -> str:
        return self.shows


@contextlib.contextmanager
def stopwatch(label: str = "") -> Iterator[Stopwatch]:
    """Print how long the block took, in whole seconds. The stopwatch shows it afterwards, too.

    Args:
        label: printed before the time.
    """
    stopwatch = Stopwatch()
    start = time.monotonic()
    yield stopwatch
    # Rounded down: work of 5 seconds never takes less, and a busy machine may add some tenths.
    stopwatch.shows = f"{int(time.monotonic() - start)} s"
    print(f"{label}{': ' if label else ''}{stopwatch}")


lesson = Lesson()
