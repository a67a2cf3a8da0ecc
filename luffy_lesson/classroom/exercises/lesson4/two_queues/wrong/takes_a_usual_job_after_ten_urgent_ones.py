# must fail at: gets many jobs, whatever their texts are
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        self.taken = (getattr(self, "taken", 0) + 1) % 10
        keys = [self.urgent, self.usual] if self.taken else [self.usual, self.urgent]
        answer = self.connection.brpop(keys, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
