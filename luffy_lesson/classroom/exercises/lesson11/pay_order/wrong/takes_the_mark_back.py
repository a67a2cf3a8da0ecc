# must fail at: killed at any moment and tried again, it is paid once
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path)) as database:
            with database:
                if not database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order]).rowcount:
                    return
            try:
                self.charge(amount, order)
            except BaseException:
                with database:
                    database.execute("DELETE FROM paid WHERE order_id = ?", [order])
                raise
            with database:
                database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
