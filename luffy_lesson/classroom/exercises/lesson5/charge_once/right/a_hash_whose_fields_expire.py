class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        added, _ = self.connection.pipeline().hsetnx(self.key, job_id, 1).hexpire(self.key, 86400, job_id, nx=True).execute()
        if not added:
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.hdel(self.key, job_id)
            raise
        return True
