# must fail at: killed at any moment and tried again, it is paid once
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            if database.execute("SELECT 1 FROM paid WHERE order_id = ?", [order]).fetchone():
                return
            self.charge(amount, order)
            new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
            if new.rowcount:
                database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
