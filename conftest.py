"""Every test process has a home of its own, and so a Redis server of its own, and leaves neither behind."""

import os
import shutil
import tempfile
from pathlib import Path

from luffy_lesson.redis_server import ENDS_WITH, RedisServer

HOME = tempfile.mkdtemp(prefix="luffy_lesson_tests_")
os.environ.pop("REDIS_URL", None)  # a server that is somebody's own is never touched
os.environ.setdefault(ENDS_WITH, str(os.getpid()))  # of the whole run: its processes inherit it
os.environ.update(LUFFY_HOME=HOME, IPYTHONDIR=f"{HOME}/ipython", MPLCONFIGDIR=f"{HOME}/matplotlib")


def pytest_runtest_teardown() -> None:
    """What one test has solved, the next has not: a page that shows the progress is compared with what is stored."""
    Path(HOME, "progress.txt").unlink(missing_ok=True)


def pytest_unconfigure() -> None:
    RedisServer().stop()
    shutil.rmtree(HOME)
