class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        mark = self.key + "/" + job_id
        new = self.connection.eval("return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', 86400)", 1, mark, amount)
        if new is None:
            return False
        ok = False
        try:
            self.charge(amount)
            ok = True
        finally:
            if not ok:
                self.connection.delete(mark)
        return True
