import collections
import queue


class TwoPriorities(queue.Queue):
    def _init(self, maxsize):
        self.urgent, self.usual = collections.deque(), collections.deque()

    def _qsize(self):
        return len(self.urgent) + len(self.usual)

    def _put(self, job):
        (self.urgent if getattr(job.worker, "urgent", False) else self.usual).append(job)

    def _get(self):
        return (self.urgent or self.usual).popleft()
