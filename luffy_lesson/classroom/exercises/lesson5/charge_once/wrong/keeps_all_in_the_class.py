# must fail at: one with another key knows nothing of it
class ChargeOnce:
    def __init__(self, connection, key, charge):
        ChargeOnce.connection, ChargeOnce.key, ChargeOnce.charge = connection, key, staticmethod(charge)

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
