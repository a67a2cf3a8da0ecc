# must fail at: and leaves no mark for ever
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if self.connection.incr(mark) > 1:
            return False
        self.connection.expire(mark, 86400)
        charged = False
        try:
            self.charge(amount)
            charged = True
        finally:
            if not charged:
                self.connection.unlink(mark)
        return charged
