# must fail at: charges once when two perform it at the same moment
import threading


class ChargeOnce:
    lock = threading.Lock()

    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        with self.lock:
            if self.connection.exists(mark):
                return False
            self.connection.set(mark, 1, ex=86400)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
