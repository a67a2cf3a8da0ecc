# must fail at: others write to the database while the service charges
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path)) as database:
            with database:
                new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                if new.rowcount:
                    self.charge(amount, order)
                    database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
