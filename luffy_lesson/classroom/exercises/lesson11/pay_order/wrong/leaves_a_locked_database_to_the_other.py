# must fail at: two that do it at the same moment pay once, and none of them fails
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path, timeout=0)) as database:
            if database.execute("SELECT 1 FROM paid WHERE order_id = ?", [order]).fetchone():
                return
            self.charge(amount, order)
            try:
                with database:
                    new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                    if new.rowcount:
                        database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
            except sqlite3.OperationalError:
                return
