# must fail at: takes at once what is there with a timeout of 0
import queue


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        if timeout == 0:
            for key in (self.urgent, self.usual):
                if (job := self.connection.lindex(key, -1)) is not None:
                    self.connection.rpop(key)
                    return job
            raise queue.Empty
        answer = self.connection.brpop([self.urgent, self.usual], timeout)
        if answer is None:
            raise queue.Empty
        return answer[1]
