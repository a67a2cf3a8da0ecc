class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = self.connection.lock(f"{self.key}:{job_id}", timeout=86400, blocking=False)
        if not mark.acquire():
            return False
        try:
            self.charge(amount)
        except BaseException:
            mark.release()
            raise
        return True
