# must fail at: remembers it under a key that begins with `self.key`
class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.charge, self.done = charge, set()

    def perform(self, job_id, amount):
        if job_id in self.done:
            return False
        self.charge(amount)
        self.done.add(job_id)
        return True
