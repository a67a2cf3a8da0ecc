class MyWorker:
    perform_now = classmethod(lambda cls, *args: cls().perform(*args))
