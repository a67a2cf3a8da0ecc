class MyWorker:
    @classmethod
    def perform_now(cls, *args, **options):
        try:
            return cls().perform(*args, **options)
        except Exception:
            print("failed")
            raise
