"""Workers for processes that tests start: the file is copied to where such a process can import it."""

import os

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
