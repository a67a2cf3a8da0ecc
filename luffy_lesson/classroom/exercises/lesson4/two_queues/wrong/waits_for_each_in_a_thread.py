# must fail at: takes no job after it has ended
import queue
import threading


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        job = self.connection.rpop(self.urgent)
        if job is None:
            job = self.connection.rpop(self.usual)
        if job is not None:
            return job
        jobs = queue.Queue()

        def wait(key):
            answer = self.connection.brpop(key, max(timeout, 0.01))
            if answer:
                jobs.put(answer[1])

        for key in (self.urgent, self.usual):
            threading.Thread(target=wait, args=[key]).start()
        return jobs.get(timeout=timeout)
