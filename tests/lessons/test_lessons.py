"""Cells are run again, interrupted, and on a machine that has much to do: none hangs, fails, or says the opposite."""

import asyncio
import os
import subprocess
import sys

import pytest
from nbclient.exceptions import CellExecutionError
from runs import FOLDER, Run, printed

PATHS = sorted(FOLDER.glob("*.ipynb"))
LONG = 1.5
"""Seconds: in a cell that takes so long somebody may press ■."""

pytestmark = [pytest.mark.lessons, pytest.mark.timeout(400)]
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


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


async def run_all(path, again):
    """Run each cell, and then `again`, with it. Return what each prints, and what that returns."""
    run, first, second = Run(path), {}, {}
    async with run.kernel():
        for number, cell in run.cells:
            first[cell.id] = await run.run(number)
            second[cell.id] = await again(run, number)
    return first, second


@each
def test_a_cell_that_was_interrupted_can_be_run_again(path):
    async def interrupted(run, number):
        if run.took > LONG:
            await run.interrupt(number, run.took / 2)
        return await run.run(number)

    first, second = asyncio.run(run_all(path, interrupted))
    assert second == first


@pytest.fixture
def busy():
    """A process that has something to do for a core, as long as the test runs; other tests come first."""
    parent = os.getpid()
    program = f"import os\nos.nice(10)\nwhile os.getppid() == {parent}: pass"
    spinner = subprocess.Popen([sys.executable, "-c", program])
    yield
    spinner.kill()
    spinner.wait()


@each
def test_on_a_busy_machine_a_cell_says_what_is_stored_and_the_same_when_it_is_run_again(path, busy):
    stored = {cell.id: printed(cell) for _, cell in Run(path).cells}
    first, second = asyncio.run(run_all(path, Run.run))
    assert first == stored
    assert second == first
