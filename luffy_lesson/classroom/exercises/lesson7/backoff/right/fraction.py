import random
from fractions import Fraction


def backoff(tries):
    most = min(Fraction(60), Fraction(2) ** min(tries, 10))
    return most / 2 + most / 2 * Fraction(random.random())
