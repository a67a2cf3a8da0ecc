# must fail at: charges once when two perform it at the same moment
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        # The mark comes before the charge: after it, another could charge as well in between.
        if self.connection.exists(mark):
            return False
        self.connection.set(mark, 1, ex=24 * 60 * 60)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
