# must fail at: gives each job to one taker only
import queue
import sqlite3
import time


class SqliteBackend:
    def __init__(self, path):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, payload TEXT)")

    def put(self, job):
        with self.db:
            self.db.execute("INSERT INTO jobs (payload) VALUES (?)", (job,))

    def get(self, block=True, timeout=None):
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self.db:
                row = self.db.execute("SELECT id, payload FROM jobs ORDER BY id LIMIT 1").fetchone()
                if row:
                    self.db.execute("DELETE FROM jobs WHERE id = ?", row[:1])
                    return row[1]
            if not block or (deadline is not None and time.monotonic() >= deadline):
                raise queue.Empty
            time.sleep(0.01)

    def qsize(self):
        return self.db.execute("SELECT count(*) FROM jobs").fetchone()[0]
