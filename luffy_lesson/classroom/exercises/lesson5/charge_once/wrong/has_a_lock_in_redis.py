# must fail at: returns False while another process charges, be it for hours
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        lock = self.connection.lock(mark + ":lock", timeout=30, blocking=False)
        if not lock.acquire():
            return False
        try:
            if self.connection.exists(mark):
                return False
            self.charge(amount)
            self.connection.set(mark, 1, ex=86400)
            return True
        finally:
            lock.release()
