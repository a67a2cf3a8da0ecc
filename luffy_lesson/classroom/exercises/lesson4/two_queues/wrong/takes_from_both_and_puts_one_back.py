# must fail at: takes no job but the one that it returns
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        fire, letter = self.connection.rpop(self.urgent), self.connection.rpop(self.usual)
        if fire is not None and letter is not None:
            self.connection.rpush(self.usual, letter)
        if fire is not None or letter is not None:
            return letter if fire is None else fire
        answer = self.connection.brpop([self.urgent, self.usual], max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
