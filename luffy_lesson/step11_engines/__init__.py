"""Step 11: the same workers on the engines that people run. One line changes: which backend it is.

Jobs wait in the engine, and the engine's own program performs them. A file an engine: each is imported when its class
is first asked for, so that nobody needs an engine that is not used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from luffy_lesson import step10_process
from luffy_lesson.step10_process import *  # noqa: F403
from luffy_lesson.step11_engines.sidekiq import SidekiqBackend

if TYPE_CHECKING:
    from luffy_lesson.step11_engines.celery import CeleryBackend
    from luffy_lesson.step11_engines.dramatiq import DramatiqBackend
    from luffy_lesson.step11_engines.huey import HueyBackend
    from luffy_lesson.step11_engines.rq import RQBackend

__all__ = ["CeleryBackend", "DramatiqBackend", "HueyBackend", "RQBackend", "SidekiqBackend"]
__all__ += step10_process.__all__

ENGINES = {
    "CeleryBackend": ("celery", "celery[redis]"),
    "DramatiqBackend": ("dramatiq", "dramatiq[redis,rabbitmq]"),
    "HueyBackend": ("huey", "huey"),
    "RQBackend": ("rq", "rq"),
}
"""The file of each engine's class, and what it needs."""


def __getattr__(name: str) -> Any:
    """Return an engine's class. Raise ImportError, with a sentence, when its library is missing."""
    if name not in ENGINES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    file, needs = ENGINES[name]
    try:
        return getattr(importlib.import_module(f"{__name__}.{file}"), name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f'{name} needs {error.name}, which is not installed here. `pip install "{needs}"` brings it, and '
            '`pip install "luffy_lesson[engines]"` what all engines need. '
            f'Where uvx starts the course, `uvx --with "{needs}"` brings it.'
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *ENGINES})
