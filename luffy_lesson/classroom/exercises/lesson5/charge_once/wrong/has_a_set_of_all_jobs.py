# must fail at: the mark goes away by itself after a day
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        # The mark comes before the charge: after it, another could charge as well in between.
        if not self.connection.sadd(self.key, job_id):
            return False
        self.connection.expire(self.key, 24 * 60 * 60)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.srem(self.key, job_id)
            raise
        return True
