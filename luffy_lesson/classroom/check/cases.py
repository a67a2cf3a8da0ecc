"""Cases drawn at random: the same for whoever checks again, unless `$LUFFY_CHECK_SEED` asks for others."""

import os
import random
from typing import Any


def draw(exercise: str) -> random.Random:
    """Return what the cases of an exercise are drawn with."""
    return random.Random(f"{os.environ.get('LUFFY_CHECK_SEED', '')} {exercise}")


def things(cases: random.Random) -> list[Any]:
    """Return what a job may be handed, and may return, in any order: empty things, and some that look like failures."""
    found: list[Any] = [
        None,
        False,
        0,
        0.0,
        "",
        [],
        (),
        {},
        (7,),
        5,
        "None",
        [2, 3],
        ValueError("no failure"),
        TimeoutError,
    ]
    return cases.sample(found, len(found))


def texts_of_jobs(cases: random.Random) -> list[str]:
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
    odd += [f"job {cases.randrange(1000)}" for _ in range(cases.randrange(10, 20))]
    cases.shuffle(odd)
    return ["first", *odd, "first", "last", *odd[:5]]
