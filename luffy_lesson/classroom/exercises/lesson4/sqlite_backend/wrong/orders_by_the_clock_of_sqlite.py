# must fail at: keeps the order when somebody sets the clock back
import queue
import sqlite3
import time
from contextlib import closing


class SqliteBackend:
    def __init__(self, path):
        self.path = path
        self.execute(
            "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, payload TEXT, came TEXT DEFAULT CURRENT_TIMESTAMP)"
        )

    def execute(self, statement, *values):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchone()

    def put(self, job):
        self.execute("INSERT INTO jobs (payload) VALUES (?)", job)

    def get(self, block=True, timeout=None):
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        oldest = "SELECT id FROM jobs ORDER BY came, id LIMIT 1"
        while True:
            if row := self.execute(f"DELETE FROM jobs WHERE id = ({oldest}) RETURNING payload"):
                return row[0]
            if not block or time.monotonic() > deadline:
                raise queue.Empty
            time.sleep(0.02)

    def qsize(self):
        return self.execute("SELECT count(*) FROM jobs")[0]
