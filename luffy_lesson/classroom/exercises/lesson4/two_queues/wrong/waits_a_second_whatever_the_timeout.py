# must fail at: raises `queue.Empty` when nothing comes in time
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        answer = self.connection.brpop([self.urgent, self.usual], 1)
        if answer is None:
            raise queue.Empty
        return answer[1]
