"""Workers for processes that tests start: the file is copied to where such a process can import it."""

import os
import re
import signal
import time

import redis

from luffy_lesson.step4_redis_queue import Worker, say


class Echo(Worker):
    def perform(self, text):
        say(text)


class Wait(Worker):
    def perform(self):
        say("began")
        with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=60) as connection:
            connection.blpop("luffy:test:go", timeout=30)
        say("finished")


class Stubborn(Worker):
    """Ends for nobody."""

    def perform(self):
        say("began")
        while True:
            try:
                while True:
                    time.sleep(0.05)
            except BaseException:
                pass


class Regex(Worker):
    """Keeps Python's lock within C, for hours."""

    def perform(self):
        say("began")
        re.match("(a+)+$", "a" * 50 + "b")


class Forks(Worker):
    """Has a child that is terminated."""

    def perform(self):
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
            os._exit(0)
        os.kill(pid, signal.SIGTERM)
        say(f"the child died of {-os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


class Dies(Worker):
    """Takes its process with it."""

    def perform(self, code):
        os._exit(code)
