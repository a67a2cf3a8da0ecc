# must fail at: of two equal jobs `get` takes the one that has waited longer
import queue

# One script, so that nobody comes between its commands, and nobody is killed there.
MOVE = """
local oldest = redis.call('LRANGE', KEYS[1], -1, -1)[1]
if not oldest then return false end
redis.call('LREM', KEYS[1], 1, oldest)
redis.call('LPUSH', KEYS[2], oldest)
return oldest"""


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.in_flight, self.connection = in_flight, connection
        self.keys, self.move = [key, in_flight], connection.register_script(MOVE)

    def get(self):
        if (job := self.move(keys=self.keys)) is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
