# must fail at: charges once when two perform it at the same moment
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if self.connection.exists(mark):
            return False
        self.charge(amount)
        return bool(self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60))
