"""Cases drawn at random: the same for whoever checks again, unless `$LUFFY_CHECK_SEED` asks for others."""

import os
import random


def draw(exercise: str) -> random.Random:
    """Return what the cases of an exercise are drawn with."""
    return random.Random(f"{os.environ.get('LUFFY_CHECK_SEED', '')} {exercise}")


def texts_of_jobs(random: random.Random) -> list[str]:
    """Return the texts of jobs: a plain one, then such as are taken for something else, and equal ones apart."""
    odd = [
        "",
        "0",
        "007",
        "1e3",
        "None",
        "False",
        "it's",
        "two\nlines",
        " spaces ",
        "Käse",
        '"first"',
        "%s {0} ?1",
        "*",
    ]
    odd += [f"job {random.randrange(1000)}" for _ in range(random.randrange(10, 20))]
    random.shuffle(odd)
    return ["first", *odd, "first", "last", *odd[:5]]
