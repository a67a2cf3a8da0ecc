import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return int(self.connection.execute_command("LPUSH", self.key, job))

    def get(self, timeout):
        job = self.connection.rpop(self.key)
        if job is None and timeout > 0:
            _, job = self.connection.brpop([self.key], timeout) or (None, None)
        if job is None:
            raise queue.Empty
        return job
