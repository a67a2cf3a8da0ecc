"""This course: the step that was written for speed, the one before it, and the first on Redis."""

import importlib
import os
from typing import Any

from contenders import THREADS, Contender, job

PADDING = "x" * int(os.environ.get("BENCHMARK_PADDING", 0))


class Luffy(Contender):
    """A step of the course."""

    module: str

    def __init__(self) -> None:
        self.step: Any = importlib.import_module(f"luffy_lesson.{self.module}")
        self.step.Luffy.backend = self.step.RedisBackend()

        class Noop(self.step.Worker):
            """The job."""

            def perform(self, sent: float, _: str = "") -> None:
                """Note that it began."""
                job.noop(sent)

        self.worker, self.padding = Noop, [PADDING] if PADDING else []

    def send(self, sent: float) -> None:
        """Use `perform_queue`."""
        self.worker.perform_queue(sent, *self.padding)

    def work(self) -> None:
        """Start processors."""
        self.step.Processor.start(THREADS)


class Step8(Luffy):
    """Jobs are taken and acknowledged in batches."""

    name, guarantee, share = "luffy, step 8", "at least once", 10
    module = "step8_fast_queue"

    def bulk(self, number: int) -> None:
        """Use `perform_bulk`."""
        self.worker.perform_bulk([[0.0, *self.padding]] * number)


class Step7(Step8):
    """Each job is asked for, and acknowledged."""

    name, share = "luffy, step 7", 1
    module = "step7_retries"


class Step4(Luffy):
    """Each job is asked for, and not acknowledged."""

    name, guarantee = "luffy, step 4", "at most once"
    module = "step4_redis_queue"


variants = [Step8, Step7, Step4]
