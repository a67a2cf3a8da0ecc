"""The workers of lesson 5 in a file, for this notebook and for the processes that it kills."""

import time

from luffy_lesson.step5_reliable_queue import Luffy, Worker, say


class VeryHeavyService(Worker):
    def perform(self, seconds):
        time.sleep(seconds)
        say(f"This task loading {seconds} seconds")


class Letter(Worker):
    def perform(self, number):
        Luffy.backend.redis.lpush("luffy:letterbox", f"letter {number}")
        time.sleep(1)  # it has still to write down that the letter is out


class CarefulLetter(Worker):
    def perform(self, number):
        Luffy.backend.redis.hset("luffy:outbox", number, f"letter {number}")
        time.sleep(1)
