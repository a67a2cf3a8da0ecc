"""A worker that takes its process with it, as one does that asks for more memory than there is."""

import logging
import os
import signal

from luffy_lesson.step5_reliable_queue import RedisBackend, Worker

RedisBackend.beat_every, RedisBackend.gone_after = 0.2, 1.0  # seconds, as in reliable_workers.py
# A process that puts the job back says so, unless the job kills it first. Better no line than one by luck.
logging.getLogger("luffy_lesson").setLevel(logging.ERROR)


class Poison(Worker):
    def perform(self):
        os.kill(os.getpid(), signal.SIGKILL)
