"""How a learner runs a notebook, in a real kernel: a cell at a time, twice, and with ■."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbval.plugin import get_sanitize_patterns

from luffy_lesson.launcher.kernel import ThisPython, by_files

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
PATTERNS = get_sanitize_patterns((ROOT / "luffy_lesson/launcher/sanitize.cfg").read_text())
LONGEST = 90
"""How long a cell may take, in seconds: more than what a wait in it takes that is in vain."""

ENDED = 30
"""How long a cell may go on after ■, in seconds."""


def printed(cell: nbformat.NotebookNode) -> str:
    """What a cell has printed and shown as text, without what may differ from run to run."""
    texts = []
    for output in cell.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain") or str(output.get("evalue", ""))
        texts.append(f"{text}\n" if "text" not in output else text)
    text = "".join(texts)
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return "".join(sorted(text.splitlines(keepends=True)))  # threads print when they can


class Run:
    """A notebook in a kernel of its own."""

    def __init__(self, path: Path) -> None:
        self.notebook = nbformat.read(path, as_version=4)
        self.cells = [(number, cell) for number, cell in enumerate(self.notebook.cells) if cell.cell_type == "code"]
        options = {"timeout": LONGEST, "resources": {"metadata": {"path": str(FOLDER)}}, "coalesce_streams": True}
        self.client = NotebookClient(self.notebook, **options)
        by_files(self.client.create_kernel_manager(), os.environ["LUFFY_HOME"]).kernel_spec_manager = ThisPython()
        self.took = 0.0

    @asynccontextmanager
    async def kernel(self) -> AsyncIterator[None]:
        """A kernel for the time of the block."""
        async with self.client.async_setup_kernel():
            yield

    async def run(self, number: int) -> str:
        """Run a cell, and return what it prints. Raise TimeoutError when it hangs, and what nbclient raises."""
        cell = self.notebook.cells[number]
        cell.outputs = []
        begun = time.monotonic()
        await self.client.async_execute_cell(cell, number, store_history=False)
        self.took = time.monotonic() - begun
        return printed(cell)

    async def interrupt(self, number: int, after: float) -> None:
        """Begin a cell, and press ■ after so many seconds."""
        self.client.timeout = round(after) + ENDED
        begun = asyncio.create_task(self.run(number))
        done, _ = await asyncio.wait([begun], timeout=after)
        self.client.timeout = LONGEST
        if not done:
            await self.client.km.interrupt_kernel()
        try:
            await begun
        except CellTimeoutError:
            # A cell that had just ended when ■ came gets no reply: see findings/ipykernel_interrupt_loses_reply.sh.
            # If it has not ended, the next run waits in vain, too.
            pass
        except CellExecutionError as error:
            if error.ename != "KeyboardInterrupt":
                raise
