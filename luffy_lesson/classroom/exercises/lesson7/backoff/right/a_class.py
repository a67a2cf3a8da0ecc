import os


class Backoff:
    def __call__(self, tries):
        most = min(60, pow(2, tries))
        return most * (0.5 + int.from_bytes(os.urandom(7), "big") / 2**57)


backoff = Backoff()
