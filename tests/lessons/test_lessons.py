"""Cells are run again, interrupted, and on a machine that has much to do: none hangs, fails, or says the opposite."""

import asyncio
import os
import subprocess
import sys

import pytest
from nbclient.exceptions import CellExecutionError
from runs import FOLDER, Run, printed

PATHS = sorted(FOLDER.glob("*.ipynb"), reverse=True)  # the last lessons take longest, and so begin
LONG = 1.5
"""Seconds: in a cell that takes so long somebody may press ■."""

pytestmark = [pytest.mark.lessons, pytest.mark.timeout(400)]


# First, for some wait for a minute in vain.
CHANGES = [
    (
        "02_threaded",
        "code-01 code-02 code-03",
        "code-04",
        "perform_async(5)",
        "perform_async(3600)",
        "which is at work on VeryHeavyService(3600), in vain",
    ),
    ("07_retries", "code-01 code-02 code-03", "code-04", "retries = 10", "retries = 0", "served 5, refused 15"),
    ("07_retries", "code-01 code-02 code-03", "code-04", "return 2", "return -1", "served 5, refused 15"),
    (
        "03_memory_queue",
        "code-01 code-03",
        "code-18",
        "processors = Processor.start(1)\n",
        "",
        "TimeoutError: Waited 60 s for room in the full queue",
    ),
    (
        "05_reliable_queue",
        "code-01 code-03 code-04",
        "code-05",
        "    processors = Processor.start(3)\n",
        "",
        "TimeoutError: Waited 60 s for the queue to be empty, in vain: 3 jobs are left",
    ),
    ("05_reliable_queue", "code-01 code-04 code-10", "code-11", "    wait_for(", "    1 / 0, (", "ZeroDivisionError"),
    ("08_fast_queue", "code-01", "code-11", "    wait_for(", "    1 / 0, (", "ZeroDivisionError"),
]


@pytest.mark.parametrize(("name", "before", "cell", "old", "new", "says"), CHANGES)
def test_a_cell_that_a_learner_has_changed_says_what_became_of_it_and_mends(name, before, cell, old, new, says):
    async def changed():
        run = Run(FOLDER / f"{name}.ipynb")
        numbers = {cell.id: number for number, cell in run.cells}
        async with run.kernel():
            for first in before.split():
                await run.run(numbers[first])
            asked = run.notebook.cells[numbers[cell]]
            stored, right = printed(asked), asked.source
            assert right.count(old) == 1
            asked.source = right.replace(old, new)
            try:
                said = await run.run(numbers[cell])
            except CellExecutionError as error:
                said = f"{error.ename}: {error.evalue}"
            asked.source = right
            return said, stored, await run.run(numbers[cell])

    said, stored, again = asyncio.run(changed())
    assert says in said
    assert again == stored


@pytest.fixture
def busy():
    """A process that has something to do for a core, as long as the test runs; other tests come first."""
    parent = os.getpid()
    program = f"import os\nos.nice(19)\nwhile os.getppid() == {parent}: pass"
    spinner = subprocess.Popen([sys.executable, "-c", program])
    yield
    spinner.kill()
    spinner.wait()


async def twice(run, number):
    return [await run.run(number), await run.run(number)]


async def interrupted(run, number):
    told = [await run.run(number)]
    if run.took > LONG:
        await run.interrupt(number, run.took / 2)
        told.append(await run.run(number))
    return told


@pytest.mark.parametrize("again", [twice, interrupted], ids=lambda again: again.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_on_a_busy_machine_a_cell_says_each_time_what_is_stored(path, again, busy):
    async def run_all():
        run = Run(path)
        stored = {cell.id: printed(cell) for _, cell in run.cells}
        async with run.kernel():
            return stored, {cell.id: await again(run, number) for number, cell in run.cells}

    stored, told = asyncio.run(run_all())
    assert told == {cell: [text] * len(told[cell]) for cell, text in stored.items()}
