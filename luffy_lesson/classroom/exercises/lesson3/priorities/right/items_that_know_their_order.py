import dataclasses
import itertools
import queue


@dataclasses.dataclass(order=True)
class Item:
    rank: int
    number: int
    job: object = dataclasses.field(compare=False)


class TwoPriorities(queue.PriorityQueue):
    def __init__(self, maxsize=0):
        super().__init__(maxsize)
        self.count = itertools.count(1)

    def put(self, job, block=True, timeout=None):
        rank = -int(getattr(job.worker, "urgent", 0))
        super().put(Item(rank, next(self.count), job), block, timeout)

    def get(self, *args, **options):
        return super().get(*args, **options).job
