"""Workers for the engines' programs. What they do, they write to a file, a line each."""

import json
import os
import signal
import sys
import time

from luffy_lesson.step11_engines import Worker


def note(*words):
    with open(os.environ["NOTES"], "a") as file:
        print(*words, file=file)


class Note(Worker):
    """Notes its arguments, and when."""

    def perform(self, *args):
        note("note", json.dumps(args), time.time())


class Shout(Worker):
    def perform(self, text):
        print(text)


class Fails(Worker):
    """Notes when it is tried."""

    retries = 2

    @staticmethod
    def backoff(tries):
        return tries + 1

    def perform(self, why="it fails"):
        note("fails", time.time())
        raise ValueError(why)


class FailsOnce(Worker):
    retries = 0

    def perform(self):
        note("fails once")
        raise ValueError("it fails once")


class Exits(Worker):
    retries = 1

    @staticmethod
    def backoff(tries):
        return 1

    def perform(self):
        note("exits")
        sys.exit(3)


class NoMemory(FailsOnce):
    def perform(self):
        note("no memory")
        raise MemoryError


class Long(Worker):
    """Says that it has begun, with the number of its process, and works until there is a file."""

    @staticmethod
    def backoff(tries):
        return 1

    def perform(self, until):
        note("begun", os.getpid())
        while not os.path.exists(until):
            time.sleep(0.02)
        note("done")


class LongOnce(Long):
    retries = 0


class Kills(Long):
    """Kills its process."""

    def perform(self):
        note("kills")
        os.kill(os.getpid(), signal.SIGKILL)
