# must fail at: charges, and returns True
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            if not self.charge(amount):
                self.connection.delete(mark)
                return False
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
