import queue
import sqlite3
import threading
import time


class SqliteBackend:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("CREATE TABLE IF NOT EXISTS jobs (payload TEXT NOT NULL)")

    def put(self, job):
        with self.lock:
            self.db.execute("INSERT INTO jobs VALUES (?)", (job,))

    def get(self, block=True, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self.lock:
                self.db.execute("BEGIN IMMEDIATE")
                row = self.db.execute("SELECT rowid, payload FROM jobs ORDER BY rowid LIMIT 1").fetchone()
                if row is not None:
                    self.db.execute("DELETE FROM jobs WHERE rowid = ?", (row[0],))
                self.db.execute("COMMIT")
            if row is not None:
                return row[1]
            if not block or end is not None and time.monotonic() >= end:
                raise queue.Empty
            time.sleep(0.02)

    def qsize(self):
        with self.lock:
            return self.db.execute("SELECT count(*) FROM jobs").fetchone()[0]
