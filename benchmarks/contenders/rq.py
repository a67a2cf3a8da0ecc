"""RQ: a process for each job, or all jobs in one. It has no threads."""

import os
import struct
import threading
import time

import redis
from rq import Queue, SimpleWorker, Worker

from contenders import Contender, job, portions, url

children, parent = os.pipe()[::-1]


def noop_in_a_child(sent: float) -> None:
    """Do nothing, and tell the worker when."""
    os.write(children, struct.pack("d", time.monotonic() - sent))


class Forking(Contender):
    """As it comes."""

    name, guarantee, share = "RQ", "intermediate list", 0.02
    worker = Worker
    noop = staticmethod(noop_in_a_child)
    options: dict[str, int] = {}

    def __init__(self) -> None:
        self.queue = Queue(connection=redis.Redis.from_url(url()))

    def send(self, sent: float) -> None:
        """Use `enqueue`."""
        self.queue.enqueue(self.noop, sent, **self.options)

    def bulk(self, number: int) -> None:
        """Use `enqueue_many`, a thousand at once."""
        for size in portions(number):
            self.queue.enqueue_many([Queue.prepare_data(self.noop, [0.0], **self.options) for _ in range(size)])

    def work(self) -> None:
        """Run a worker in this thread: it wants signals."""
        threading.Thread(target=self.listen).start()
        self.worker([self.queue], connection=self.queue.connection).work(logging_level="WARNING")

    def listen(self) -> None:
        """Note what the children tell."""
        while True:
            job.arrived(*struct.unpack("d", os.read(parent, 8)))


class Simple(Forking):
    """No process for each job, and no result kept."""

    name, share = "RQ, SimpleWorker, no results", 0.1
    worker = SimpleWorker
    noop = staticmethod(job.noop)
    options = {"result_ttl": 0}


variants = [Forking, Simple]
