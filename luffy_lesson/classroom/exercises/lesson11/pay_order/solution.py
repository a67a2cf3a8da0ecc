import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path)) as database:
            # The service forgets its keys, and the database does not.
            if database.execute("SELECT 1 FROM paid WHERE order_id = ?", [order]).fetchone():
                return
            # Between the look and the rows another may come, or the end: then the same key meets the same charge.
            self.charge(amount, key=order)
            with database:  # both, or nothing
                new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                if new.rowcount:  # else another was quicker
                    database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
