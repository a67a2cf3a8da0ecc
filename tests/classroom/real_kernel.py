"""A real kernel, as a notebook has one: what it sends is looked at on the wire."""

import os
import textwrap
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

import luffy_lesson
from luffy_lesson.launcher.kernel import ThisPython, by_files


class Kernel:
    """A fresh kernel that runs cells, and keeps what it sends by the cell that this is said to belong to."""

    def __init__(self, **variables: str) -> None:
        root = str(Path(luffy_lesson.__file__).parents[1])
        environment = os.environ | {"PYTHONPATH": root} | variables
        self.manager = by_files(KernelManager(kernel_spec_manager=ThisPython()), os.environ["LUFFY_HOME"])
        self.manager.start_kernel(env=environment, cwd=os.environ["LUFFY_HOME"])
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.out: dict[str, str] = defaultdict(str)
        self.err: dict[str, str] = defaultdict(str)
        self.messages: list[dict[str, Any]] = []

    def run(self, code: str) -> str:
        """Run a cell, and return its id when it has ended. Raise AssertionError when it fails."""
        cell = self.begin(code)
        self.wait(cell)
        return cell

    def begin(self, code: str) -> str:
        """Let a cell run, and return its id at once."""
        return self.client.execute(textwrap.dedent(code))

    def wait(self, cell: str, error: str | None = None) -> None:
        """Wait until a cell has ended: well, or with the exception of that name."""
        self.read_until(
            lambda message: (
                message["parent_header"].get("msg_id") == cell and message["content"].get("execution_state") == "idle"
            ),
            error,
        )

    def read_until(self, condition: Callable[[dict[str, Any]], object], error: str | None = None) -> None:
        """Read what the kernel sends until a message is as wanted."""
        while not condition(self._take(error)):
            pass

    def _take(self, error: str | None) -> dict[str, Any]:
        message = self.client.get_iopub_msg(timeout=30)
        cell, content = message["parent_header"].get("msg_id", ""), message["content"]
        if message["msg_type"] == "stream":
            (self.out if content["name"] == "stdout" else self.err)[cell] += content["text"]
        assert message["msg_type"] != "error" or content["ename"] == error, content["traceback"]
        self.messages.append(message)
        return message

    def close(self) -> None:
        """End the kernel at once."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
