# must fail at: makes a new instance for each job
class MyWorker:
    seen = {}

    @classmethod
    def perform_now(cls, *args):
        key = (cls, repr(args))
        if key not in cls.seen:
            cls.seen[key] = cls().perform(*args)
        return cls.seen[key]
