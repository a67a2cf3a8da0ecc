# must fail at: the mark goes away by itself after a day
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        added, _ = self.connection.pipeline().sadd(self.key, job_id).expire(self.key, 86400, nx=True).execute()
        if not added:
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.srem(self.key, job_id)
            raise
        return True
