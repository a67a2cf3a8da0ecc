# must fail at: and leaves no mark for ever
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.setnx(mark, 1):
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        self.connection.expire(mark, 86400)
        return True
