# must fail at: charges, and returns True
import threading


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            threading.Thread(target=self.charge, args=(amount,)).start()
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
