class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if self.connection.set(mark, "x", ex=86400, get=True) is not None:
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
