# must fail at: has `block` and `timeout` in this order
import queue
import sqlite3
import time
from contextlib import closing


class SqliteBackend:
    def __init__(self, path):
        self.path = path
        self.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, payload TEXT)")

    def execute(self, statement, *values):
        # A connection for each statement, for it belongs to the thread that has opened it.
        # Without an isolation level, each statement is committed at once.
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchone()

    def put(self, job):
        self.execute("INSERT INTO jobs (payload) VALUES (?)", job)

    def get(self, timeout=None, block=True):
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            # Look and take in one statement: between two, another could take the same job.
            row = self.execute("DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs) RETURNING payload")
            if row:
                return row[0]
            if not block or time.monotonic() > deadline:
                raise queue.Empty
            time.sleep(0.02)  # a file does not tell when something was added

    def qsize(self):
        return self.execute("SELECT count(*) FROM jobs")[0]
