"""The workers of lesson 4, in a file: two processes that share a queue both import it."""

import time

from luffy_lesson.step4_redis_queue import Worker, say


class VeryHeavyService(Worker):
    def perform(self, seconds):
        time.sleep(seconds)
        say(f"This task loading {seconds} seconds")
