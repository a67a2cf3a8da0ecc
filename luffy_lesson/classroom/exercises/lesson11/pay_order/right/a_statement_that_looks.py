import sqlite3


class PayOrder:
    def __init__(self, path, charge):
        self.path, self.charge = path, charge

    def perform(self, job_id, order, customer, amount):
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            (paid,) = db.execute("SELECT count(*) FROM paid WHERE order_id = ?", (order,)).fetchone()
            if paid:
                return
            self.charge(amount, f"pay:{order}")
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "UPDATE points SET points = points + ? WHERE customer = ? AND NOT EXISTS"
                " (SELECT * FROM paid WHERE order_id = ?)",
                (amount, customer, order),
            )
            db.execute("INSERT OR IGNORE INTO paid (order_id) VALUES (?)", (order,))
            db.execute("COMMIT")
        finally:
            db.close()
