# must fail at: waits for an urgent job
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        job = self.connection.rpop(self.urgent)
        if job is not None:
            return job
        answer = self.connection.brpop(self.usual, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
