# must fail at: does nothing for an order that is paid, though the service has forgotten the key
import sqlite3
from contextlib import closing


class PayOrder:
    paid = set()

    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        if order in self.paid:
            return
        self.charge(amount, order)
        self.paid.add(order)
        with closing(sqlite3.connect(self.path)) as database:
            with database:
                new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                if new.rowcount:
                    database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
