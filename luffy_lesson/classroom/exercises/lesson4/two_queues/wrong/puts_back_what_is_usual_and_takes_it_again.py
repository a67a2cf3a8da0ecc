# must fail at: gets many jobs, whatever their texts are
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        answer = self.connection.brpop([self.usual, self.urgent], max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        if answer[0].decode() == self.usual:
            urgent = self.connection.rpop(self.urgent)
            if urgent is not None:
                self.connection.lpush(self.usual, answer[1])
                return urgent
        return answer[1]
