# must fail at: returns False while another process charges, be it for hours
import time


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, time.time(), nx=True, ex=86400):
            began = self.connection.get(mark)
            if began == b"done" or time.time() - float(began) < 300:
                return False
            self.connection.set(mark, time.time(), ex=86400)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        self.connection.set(mark, "done", ex=86400)
        return True
