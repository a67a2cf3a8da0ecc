class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        with self.connection.lock(f"{mark}:lock", timeout=5):
            if self.connection.exists(mark):
                return False
            self.connection.set(mark, 1, ex=86400)
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
