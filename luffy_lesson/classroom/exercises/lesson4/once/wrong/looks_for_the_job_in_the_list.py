# must fail at: refuses it when it has been taken from the list
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if self.connection.lpos(self.key, job) is not None:
            return False
        self.connection.lpush(self.key, job)
        return True
