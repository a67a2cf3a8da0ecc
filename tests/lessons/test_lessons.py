"""Cells are run again, interrupted, and on a machine that has much to do: none hangs, fails, or says the opposite."""

import asyncio
import subprocess
import sys

import pytest
from runs import FOLDER, Run

PATHS = sorted(FOLDER.glob("*.ipynb"))
LONG = 1.5
"""Seconds: in a cell that takes so long somebody may press ■."""

pytestmark = [pytest.mark.lessons, pytest.mark.timeout(400)]
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


async def first_run_and_others(path, others):
    """What each cell prints when it is run first, and what in `others`, which may run it and do more."""
    run, first, again = Run(path), {}, {}
    async with run.kernel():
        for number, cell in run.cells:
            first[cell.id] = await run.run(number)
            again[cell.id] = await others(run, number)
    return first, again


@each
def test_a_cell_that_is_run_twice_says_the_same_twice(path):
    first, again = asyncio.run(first_run_and_others(path, Run.run))
    assert again == first


@each
def test_a_cell_that_was_interrupted_can_be_run_again(path):
    async def interrupted(run, number):
        if run.took < LONG:
            return first[run.notebook.cells[number].id]
        await run.interrupt(number, run.took / 2)
        return await run.run(number)

    first, again = asyncio.run(first_run_and_others(path, interrupted))
    assert again == first
