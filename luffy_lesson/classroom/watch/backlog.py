"""Since when jobs wait: remembered in this process, for a job does not say it."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.watch.events import Queued, events

REMEMBERED = 100_000
"""Of how many jobs that wait it is remembered since when."""

BEGUN_WITHIN = 1
"""How many seconds a job that was taken may need until it is begun."""


class Backlog:
    """The jobs that wait, first in, first out, as far as this process has put them there. There is one: `backlog`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # held by whoever tells of a job that is expected no more
        self._backend: Any = None  # where the jobs wait of which it is remembered since when
        self._waiting: dict[str, deque[list[float]]] = defaultdict(deque)
        self.remembered = 0  # how many of them
        self._emptied = 0.0  # when it was known that none waits

    def put(self, jobs: list[str], backend: Any, put: Callable[[], Any], number: int = 1, queue: str = "") -> Any:
        """Call `put`, which puts `number` jobs in `queue`, and remember since when `jobs`, the first of them, wait.

        Forget what waits elsewhere.
        """
        since = [time.monotonic()]  # before: a processor may take them at once
        with self.lock:
            if backend is not self._backend or self.remembered + len(jobs) > REMEMBERED:
                self.forget()
            self._backend = backend
            for job in jobs:
                self._waiting[job].append(since)
            self.remembered += len(jobs)
        try:
            answer = put()
        except BaseException:
            for job in jobs:
                self.taken(job)
            raise
        since[0] = time.monotonic()  # a full queue has made the caller wait, not the job
        if answer == number == 1:
            self.empty(backend, since[0])  # it was before
        events.tell(Queued(since[0], number, jobs, queue))
        return answer

    def taken(self, job: str) -> float | None:
        """Return since when the oldest `job` has waited, and forget that; None when nobody saw it come."""
        with self.lock:
            if job not in self._waiting:
                return None
            self.remembered -= 1
            since = self._waiting[job].popleft()
            if not self._waiting[job]:
                del self._waiting[job]
            return since[0]

    def expects(self) -> bool:
        """Whether a job that was put in the queue here was not begun yet, as far as is known here."""
        with self.lock:
            return self.remembered > 0

    def empty(self, backend: Any, at: float) -> None:
        """Note that the queue `backend` was empty at that moment: what it had before was taken, and is begun soon.

        What is not begun soon is forgotten: another process has taken it.
        """
        with self.lock:
            if backend is self._backend and at - self._emptied > BEGUN_WITHIN:
                for job, times in list(self._waiting.items()):
                    while times and times[0][0] < self._emptied:
                        self.taken(job)
                self._emptied = at

    def forget(self) -> None:
        """Forget all that waits: it was thrown away."""
        with self.lock:
            self._waiting.clear()
            self.remembered = 0


backlog = Backlog()
