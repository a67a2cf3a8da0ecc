class MyWorker:
    @classmethod  # the caller has the class, and no instance
    def perform_now(cls, *args):
        return cls().perform(*args)  # a new instance for each job: what one leaves in it, the next does not find
