import queue
import sqlite3
import threading
import time


class SqliteBackend(threading.local):
    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=20)
        with self.db:
            self.db.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, payload)")

    def put(self, job):
        with self.db:
            self.db.execute("INSERT INTO jobs (payload) VALUES (?)", (job,))

    def get(self, block=True, timeout=None):
        wait = 0 if not block else float("inf") if timeout is None else timeout
        deadline = time.monotonic() + wait
        while True:
            row = None
            with self.db:
                for id_, payload in self.db.execute("SELECT id, payload FROM jobs ORDER BY id LIMIT 1").fetchall():
                    if self.db.execute("DELETE FROM jobs WHERE id = ?", (id_,)).rowcount == 1:
                        return payload
                    row = id_
            if row is None:
                if time.monotonic() >= deadline:
                    raise queue.Empty
                time.sleep(0.01)

    def qsize(self):
        return next(self.db.execute("SELECT count(id) FROM jobs"))[0]
