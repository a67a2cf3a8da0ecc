# must fail at: a process that is killed charges once at most
import os

import psutil


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, os.getpid(), nx=True, ex=24 * 60 * 60):
            holder = self.connection.get(mark)
            if holder is None or holder == b"done" or psutil.pid_exists(int(holder)):
                return False
            self.connection.set(mark, os.getpid(), ex=24 * 60 * 60)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        self.connection.set(mark, "done", ex=24 * 60 * 60)
        return True
