import random

chance = random.Random()


def backoff(tries):
    seconds = 1
    while tries and seconds < 60:
        seconds *= 2
        tries -= 1
    seconds = min(seconds, 60)
    return seconds - chance.random() * seconds / 2
