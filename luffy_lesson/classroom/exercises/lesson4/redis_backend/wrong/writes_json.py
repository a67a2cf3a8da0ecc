# must fail at: `put` adds at the left of the list
import queue
import json


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, json.dumps(job))

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return json.loads(answer[1])
