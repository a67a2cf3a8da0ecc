# must fail at: remembers it in another process, too
class ChargeOnce:
    done = set()

    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = f"{self.key}:{job_id}"
        if job_id in self.done:
            return False
        self.done.add(job_id)
        if not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60):
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.delete(mark)
            raise
        return True
