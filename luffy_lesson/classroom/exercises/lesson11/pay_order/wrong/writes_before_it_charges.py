# must fail at: lets the error of `charge` through, and the order is not paid
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path)) as database:
            with database:
                new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                if not new.rowcount:
                    return
                database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
            self.charge(amount, order)
