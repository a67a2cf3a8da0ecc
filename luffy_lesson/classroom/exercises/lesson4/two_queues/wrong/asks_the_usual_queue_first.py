# must fail at: gets an urgent job before the usual ones
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        # One command for both: two in a row would let the second queue wait for the first. To it, 0 is for ever.
        answer = self.connection.brpop([self.usual, self.urgent], max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
