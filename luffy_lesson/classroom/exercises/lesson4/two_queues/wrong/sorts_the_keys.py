# must fail at: gets an urgent job before the usual ones
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        answer = self.connection.brpop(sorted([self.urgent, self.usual], reverse=True), max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
