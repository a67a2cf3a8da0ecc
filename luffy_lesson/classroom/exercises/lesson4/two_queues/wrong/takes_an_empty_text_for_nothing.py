# must fail at: gets many jobs, whatever their texts are
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        job = self.connection.rpop(self.urgent) or self.connection.rpop(self.usual)
        if job:
            return job
        answer = self.connection.brpop([self.urgent, self.usual], max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
