"""Every test process has a home of its own, and so a Redis server of its own, and leaves neither behind."""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile

from luffy_lesson.host.redis_server import ENDS_WITH, RedisServer
from luffy_lesson.launcher.kernel import by_files

HOME = tempfile.mkdtemp(prefix="luffy_lesson_tests_")
os.environ.pop("REDIS_URL", None)  # a server that is somebody's own is never touched
os.environ.setdefault(ENDS_WITH, str(os.getpid()))  # of the whole run: its processes inherit it
os.environ.update(LUFFY_HOME=HOME, IPYTHONDIR=f"{HOME}/ipython", MPLCONFIGDIR=f"{HOME}/matplotlib")


def pytest_runtest_teardown() -> None:
    """What one test has solved, the next has not: a page that shows the progress is compared with what is stored."""
    Path(HOME, "progress.txt").unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What all tests together take stays: nobody looks through it for garbage, nor does a process copy it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import nothing from a folder with the name of a mark where that mark is not wanted: all its tests have it."""
    name = collection_path.name
    unwanted = f"not {name}" in config.getoption("markexpr").split(" and ")
    return True if unwanted and collection_path == Path(__file__).parent / "tests" / name else None


receive = IPyNbFile.get_kernel_message


def receive_updated(self: IPyNbFile, *args: Any, **options: Any) -> Any:
    """Let an output count as what it was updated to, as every front end does. nbval knows no updates.

    An update of an earlier cell's output comes too late: that cell was compared.
    """
    while True:
        message = receive(self, *args, **options)
        content = message["content"]
        name = (content.get("transient") or {}).get("display_id")
        shown = vars(self).setdefault("shown", {})
        if message["msg_type"] == "display_data" and name:
            shown[name] = content["data"] = NotebookNode(content["data"])  # which nbval keeps, where it copies a dict
        if message["msg_type"] != "update_display_data":
            return message
        if name in shown:
            shown[name].clear()
            shown[name].update(content["data"])


IPyNbFile.get_kernel_message = receive_updated
nbval.kernel.KernelManager = lambda **options: by_files(KernelManager(**options), HOME)


def pytest_unconfigure() -> None:
    RedisServer().stop()
    shutil.rmtree(HOME)
