# must fail at: lets the error of `charge` through
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            try:
                self.charge(amount)
            except Exception:
                self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
