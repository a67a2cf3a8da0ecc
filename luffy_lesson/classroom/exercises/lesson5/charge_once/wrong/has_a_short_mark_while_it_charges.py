# must fail at: returns False while another process charges, be it for hours
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if not self.connection.set(mark, 1, nx=True, ex=30):
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        self.connection.expire(mark, 86400)
        return True
