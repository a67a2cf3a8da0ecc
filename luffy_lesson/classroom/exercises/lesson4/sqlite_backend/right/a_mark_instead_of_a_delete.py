import queue
import sqlite3
import time


class SqliteBackend:
    def __init__(self, path):
        self.path = path
        with self.open() as db:
            db.execute("create table if not exists job (n integer primary key autoincrement, body blob, taken int default 0)")
        db.close()

    def open(self):
        return sqlite3.connect(self.path, timeout=30)

    def put(self, job):
        db = self.open()
        with db:
            db.execute("insert into job (body) values (?)", [job])
        db.close()

    def get(self, block=True, timeout=None):
        begin = time.perf_counter()
        while (rows := self.take()) == []:
            if not block or (timeout is not None and time.perf_counter() - begin >= timeout):
                raise queue.Empty()
            time.sleep(0.01)
        return rows[0][0]

    def take(self):
        db = self.open()
        try:
            with db:
                return db.execute(
                    "update job set taken = 1 where n = (select n from job where taken = 0 order by n limit 1) returning body"
                ).fetchall()
        finally:
            db.close()

    def qsize(self):
        db = self.open()
        (count,) = db.execute("select count(*) from job where not taken").fetchone()
        db.close()
        return count
