# must fail at: `get` takes no job after it has ended
import queue
from concurrent.futures import ThreadPoolExecutor, TimeoutError


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        pool = ThreadPoolExecutor(1)
        waiting = pool.submit(self.connection.brpop, self.key, 2)
        pool.shutdown(wait=False)
        try:
            return waiting.result(timeout)[1]
        except TimeoutError:
            raise queue.Empty
