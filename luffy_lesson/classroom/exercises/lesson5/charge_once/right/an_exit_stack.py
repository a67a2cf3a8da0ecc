import contextlib


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        with contextlib.ExitStack() as stack:
            mark = "{}:job:{}".format(self.key, job_id)
            if self.connection.set(mark, "", nx=True, ex=86400) is None:
                return False
            stack.callback(self.connection.delete, mark)
            self.charge(amount)
            stack.pop_all()
            return True
