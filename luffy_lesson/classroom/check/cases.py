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
