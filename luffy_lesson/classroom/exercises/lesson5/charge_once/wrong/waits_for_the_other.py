# must fail at: returns False while another process charges, be it for hours
import time


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        while not self.connection.set(mark, "at it", nx=True, ex=86400):
            if self.connection.get(mark) == b"done":
                return False
            time.sleep(0.02)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        self.connection.set(mark, "done", ex=86400)
        return True
