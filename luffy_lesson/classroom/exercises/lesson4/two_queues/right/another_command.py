import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        answer = self.connection.blmpop(timeout or 0.01, 2, self.urgent, self.usual, direction="RIGHT")
        if not answer:
            raise queue.Empty
        return answer[1][0].decode()
