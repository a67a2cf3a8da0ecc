"""Every test process has a home of its own, and so a Redis server of its own, and leaves neither behind."""

import os
import shutil
import tempfile

from luffy_lesson.redis_server import RedisServer

HOME = tempfile.mkdtemp(prefix="luffy_lesson_tests_")
os.environ.pop("REDIS_URL", None)  # a server that is somebody's own is never touched
os.environ.update(LUFFY_HOME=HOME, IPYTHONDIR=f"{HOME}/ipython", MPLCONFIGDIR=f"{HOME}/matplotlib")


def pytest_unconfigure() -> None:
    RedisServer().stop()
    shutil.rmtree(HOME)
