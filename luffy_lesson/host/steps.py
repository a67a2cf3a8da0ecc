"""The steps of the staircase that there are, by number. They are found by looking, so no import names them."""

import importlib
from pathlib import Path
from types import ModuleType


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("step").partition("_")[0])


FILES = sorted((path for path in Path(__file__).parents[1].glob("step*_*") if path.suffix in (".py", "")), key=_number)
"""Where each step is: a file, or the folder of a package."""
STEPS = {_number(path): f"luffy_lesson.{path.stem}" for path in FILES}
"""The name of each step's module, by number."""


def steps() -> list[ModuleType]:
    """Return the steps' modules, the first one first."""
    return [importlib.import_module(name) for name in STEPS.values()]


def step(number: int | None = None) -> ModuleType:
    """Return a step's module.

    Args:
        number: which, one of `STEPS`; by default the newest.
    """
    return importlib.import_module(STEPS[number or max(STEPS)])
