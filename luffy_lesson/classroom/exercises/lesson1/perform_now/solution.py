class MyWorker:
    @classmethod  # the caller has the class, and no instance
    def perform_now(cls, *args):
        # A new instance for each job: what one leaves in it, the next does not find.
        return cls().perform(*args)
