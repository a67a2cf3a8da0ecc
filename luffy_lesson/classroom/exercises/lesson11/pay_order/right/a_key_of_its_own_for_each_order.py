import sqlite3
import uuid
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge
        with closing(self.open()) as db:
            db.execute("CREATE TABLE IF NOT EXISTS keys (order_id TEXT PRIMARY KEY, key TEXT)")

    def open(self):
        return sqlite3.connect(self.path, timeout=10, isolation_level=None)

    def perform(self, job_id, order, customer, amount):
        with closing(self.open()) as db:
            if db.execute("SELECT * FROM paid WHERE order_id = ?", (order,)).fetchall():
                return
            # It is kept before it is used, and whoever comes later finds that of the first.
            db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (order, str(uuid.uuid4())))
            (key,) = db.execute("SELECT key FROM keys WHERE order_id = ?", (order,)).fetchone()
            self.charge(amount, key)
            with db:
                db.execute("BEGIN IMMEDIATE")
                if not db.execute("SELECT * FROM paid WHERE order_id = ?", (order,)).fetchall():
                    db.execute("INSERT INTO paid VALUES (?)", (order,))
                    db.execute("UPDATE points SET points = points + ? WHERE customer = ?", (amount, customer))
