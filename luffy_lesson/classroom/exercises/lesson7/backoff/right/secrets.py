import secrets


def backoff(tries):
    most = 60 if tries > 5 else 1 << tries
    return most / 2 * (1 + secrets.randbelow(10**9) / 10**9)
