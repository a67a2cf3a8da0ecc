"""No engine: the commands alone that the simplest queue needs, with redis-py or without it, and a job in JSON."""

import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import redis

from contenders import THREADS, Contender, job, portions, url

QUEUE, IN_FLIGHT = "raw:queue", "raw:in_flight"


def encode(sent: float) -> str:
    """Return the payload of a job, as short as an engine's could be."""
    return json.dumps({"worker": "Noop", "args": [sent]})


class Raw(Contender):
    """Threads that take jobs."""

    share = 2

    def work(self) -> None:
        """Start threads."""
        for _ in range(THREADS):
            threading.Thread(target=self.loop).start()

    def loop(self) -> None:
        """Take a job, do it, for ever."""
        while True:
            self.one()

    def one(self) -> None:
        """Take a job and do it."""
        raise NotImplementedError


class WithClient(Raw):
    """The commands go through redis-py."""

    def __init__(self) -> None:
        self.redis = redis.Redis.from_url(url(), socket_timeout=None)  # a worker may wait for ever

    def send(self, sent: float) -> None:
        """Push one."""
        self.redis.rpush(QUEUE, encode(sent))

    def bulk(self, number: int) -> None:
        """Push a thousand at once."""
        for size in portions(number):
            self.redis.rpush(QUEUE, *(encode(0.0) for _ in range(size)))


class AtMostOnce(WithClient):
    """What is taken is gone."""

    name, guarantee = "raw BLPOP", "at most once"

    def one(self) -> None:
        """Pop a job."""
        taken: Any = self.redis.blpop([QUEUE])
        job.noop(*json.loads(taken[1])["args"])


class AtLeastOnce(WithClient):
    """What is taken stays in a list until it is done (who puts it back after a crash is not here)."""

    name, guarantee = "raw BLMOVE + LREM", "at least once"

    def one(self) -> None:
        """Move a job, and remove it afterwards."""
        payload: Any = self.redis.blmove(QUEUE, IN_FLIGHT, 0, "LEFT", "LEFT")
        job.noop(*json.loads(payload)["args"])
        self.redis.lrem(IN_FLIGHT, 1, payload)


class Bare(Raw):
    """No client library either: how fast can a round trip be in Python?"""

    name, guarantee = "bare socket, BLPOP", "at most once"

    def __init__(self) -> None:
        self.mine = threading.local()

    def ask(self, *words: bytes) -> bytes:
        """Send a command over the connection of this thread. Return the first line of the answer."""
        if not hasattr(self.mine, "stream"):
            to = urlsplit(url())
            self.mine.stream = socket.create_connection((to.hostname, to.port)).makefile("rwb")
            self.ask(b"AUTH", (to.password or "").encode())
        self.mine.stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words))
        self.mine.stream.flush()
        return bytes(self.mine.stream.readline())

    def send(self, sent: float) -> None:
        """Push one."""
        self.ask(b"RPUSH", QUEUE.encode(), encode(sent).encode())

    def one(self) -> None:
        """Pop a job and do it."""
        self.ask(b"BLPOP", QUEUE.encode(), b"0")
        *_, payload = [self.mine.stream.readline() for _ in range(4)]  # two lengths, the queue, the job
        job.noop(*json.loads(payload)["args"])


variants = [AtMostOnce, AtLeastOnce, Bare]
