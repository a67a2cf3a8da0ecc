# must fail at: remembers it in another process, too
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.charge, self.done = charge, set()

    def perform(self, job_id, amount):
        if job_id in self.done:
            return False
        self.charge(amount)
        self.done.add(job_id)
        return True
