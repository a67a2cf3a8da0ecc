from random import uniform


def backoff(tries):
    seconds = 1
    for _ in range(tries):
        seconds = min(2 * seconds, 60)
    return seconds / 2 + uniform(0, seconds / 2)
