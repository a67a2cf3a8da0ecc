# must fail at: another order is another one, whatever they are called
import sqlite3
from contextlib import closing


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        with closing(sqlite3.connect(self.path)) as database:
            if database.execute("SELECT 1 FROM paid WHERE order_id = ?", [order]).fetchone():
                return
            self.charge(amount, f"{amount}{order}")
            with database:
                new = database.execute("INSERT OR IGNORE INTO paid VALUES (?)", [order])
                if new.rowcount:
                    database.execute("UPDATE points SET points = points + ? WHERE customer = ?", [amount, customer])
