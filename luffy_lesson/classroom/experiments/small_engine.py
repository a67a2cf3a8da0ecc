"""A small job engine, as somebody else would write it: errands lie in a tray, a file of SQLite, until they are run.

It knows nothing of workers. Whoever wants it for theirs writes an adapter: that is exercise 3 of lesson 11.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Literal, NamedTuple

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS errands (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, details TEXT NOT NULL, not_before INTEGER NOT NULL, pauses TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0)"""

COUNTED = {
    "ready": "not dead AND not_before <= :now",
    "later": "not dead AND not taken AND not_before > :now",
    "taken": "not dead AND taken AND not_before > :now",
    "dead": "dead",
}
"""Which rows are counted as what."""

# Take the errand that was due first. It comes back when the lease is over, unless somebody settles it.
TAKE = f"""
UPDATE errands SET taken = 1, not_before = :now + :lease
WHERE id = (SELECT id FROM errands WHERE {COUNTED["ready"]} ORDER BY not_before, id LIMIT 1)
RETURNING id, kind, details, not_before, pauses"""

FAIL = """
INSERT OR REPLACE INTO errands (id, kind, details, not_before, pauses, dead)
VALUES (:number, :kind, :details, :not_before, :pauses, :dead)"""


class Errand(NamedTuple):
    """Something to be run. All times are whole milliseconds."""

    kind: str
    details: str
    not_before: int = 0  # since 1970; the past is now
    pauses: tuple[int, ...] = ()  # how long to wait after each failure; after one more, it is dead


class Tray:
    """Errands in a file. Any number of processes may use it at the same time."""

    def __init__(self, path: str) -> None:
        """Use the file at `path`, which need not be there yet."""
        self.path = path
        self._execute(TABLE)

    def clock(self) -> int:
        """Return the time that the tray goes by, in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def add(self, *errands: Errand) -> None:
        """Add errands: all of them, or none when it raises."""
        rows = [(kind, details, int(at), json.dumps([*map(int, pauses)])) for kind, details, at, pauses in errands]
        with closing(self._open()) as database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO errands (kind, details, not_before, pauses) VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")

    def count(self, what: Literal["ready", "later", "taken", "dead"]) -> int:
        """Return how many errands are there that are ready, not due yet, in somebody's hand, or dead."""
        found = self._execute(f"SELECT count(*) FROM errands WHERE {COUNTED[what]}", now=self.clock())
        return int(found[0][0])

    def look(self) -> list[Errand]:
        """Return all errands, those that are dead as well, in the order in which they were added."""
        rows = self._execute("SELECT kind, details, not_before, pauses FROM errands ORDER BY id")
        return [Errand(kind, details, at, tuple(json.loads(pauses))) for kind, details, at, pauses in rows]

    def run(
        self, handler: Callable[[Errand], object], settle: Literal["before", "after"] = "before", lease: int = 60_000
    ) -> None:
        """Call `handler` with each errand that is ready, one after another, until none is.

        An errand whose handler raises an `Exception` is run again after its next pause, or is dead; anything else that
        it raises ends the run.

        Args:
            handler: does an errand.
            settle: when an errand leaves the tray: `before` it is handed out, or `after` the handler has returned.
            lease: after how many milliseconds an errand is handed out again that was handed out, and not settled.
        """
        while rows := self._execute(TAKE, now=self.clock(), lease=lease):
            ((number, kind, details, at, pauses),) = rows
            errand = Errand(kind, details, at, tuple(json.loads(pauses)))
            if settle == "before":
                self._settle(number)
            try:
                handler(errand)
            except Exception as error:
                logger.warning("%s failed: %r", errand.kind, error)
                self._fail(number, errand)
            else:
                self._settle(number)

    def _settle(self, number: int) -> None:
        self._execute("DELETE FROM errands WHERE id = :number", number=number)

    def _fail(self, number: int, errand: Errand) -> None:
        pause, *left = errand.pauses or [0]
        values = {"number": number, **errand._asdict(), "pauses": json.dumps(left), "dead": not errand.pauses}
        self._execute(FAIL, **values | {"not_before": self.clock() + pause})

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10, isolation_level=None)

    def _execute(self, statement: str, **values: Any) -> list[Any]:
        with closing(self._open()) as database:
            return database.execute(statement, values).fetchall()
