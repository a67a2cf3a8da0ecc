import contextlib
import hashlib
import json
from sqlite3 import IntegrityError, connect


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge
        self.db = connect(path, timeout=60)

    def is_paid(self, order):
        rows = self.db.execute("SELECT * FROM paid WHERE order_id = ?", (order,)).fetchall()
        return len(rows) > 0

    def perform(self, job_id, order, customer, amount):
        if self.is_paid(order):
            return
        key = hashlib.sha256(json.dumps([order, customer, amount]).encode()).hexdigest()
        self.charge(amount, key)
        with contextlib.suppress(IntegrityError):  # another has paid meanwhile, and this is rolled back
            with self.db as transaction:
                transaction.execute("UPDATE points SET points = points + ? WHERE customer = ?", (amount, customer))
                transaction.execute("INSERT INTO paid VALUES (?)", (order,))
