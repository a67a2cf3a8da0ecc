"""The worker of lesson 4 in a file, for processes other than the notebook."""

import time

from luffy_lesson.step4_redis_queue import Worker, say


class VeryHeavyService(Worker):
    def perform(self, seconds):
        time.sleep(seconds)
        say(f"This task loading {seconds} seconds")
