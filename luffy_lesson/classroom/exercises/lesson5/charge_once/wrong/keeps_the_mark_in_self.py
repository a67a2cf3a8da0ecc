# must fail at: takes back the mark of that job, and no other
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        self.mark = f"{self.key}:{job_id}"
        if not self.connection.set(self.mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(self.mark)
            raise
        return True
