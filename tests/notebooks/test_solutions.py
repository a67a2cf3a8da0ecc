"""Each lesson's notebook, run from the top with the solutions in its own cells: every check is green."""

import asyncio
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from luffy_lesson.classroom.check import Exercise
from luffy_lesson.launcher.kernel import ThisPython

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("0[1-9]_*.ipynb"))


def exercises(notebook):
    """Each check cell's place among the cells, and what it checks; the cell to fill in is the code cell before it."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (found := re.fullmatch(r"check\.(\w+)\((\w+)\)", cell.source)):
            yield number, Exercise.all[found[1]]


def solved(path):
    """The notebook with the solutions."""
    notebook = nbformat.read(path, as_version=4)
    for number, exercise in exercises(notebook):
        notebook.cells[number - 1].source = exercise.solution_file.read_text()
    return notebook


async def run_all(notebooks):
    here = {"metadata": {"path": str(FOLDER)}}
    options = {"kernel_name": "python3", "timeout": 60, "resources": here, "coalesce_streams": True}
    clients = [NotebookClient(each, **options) for each in notebooks]
    for client in clients:
        client.create_kernel_manager().kernel_spec_manager = ThisPython()
    await asyncio.gather(*[client.async_execute() for client in clients])


@pytest.fixture(scope="module")
def notebooks():
    notebooks = {path.name: solved(path) for path in PATHS}
    asyncio.run(run_all(notebooks.values()))  # side by side: most of their time they wait
    return notebooks


@pytest.mark.parametrize("name", [path.name for path in PATHS])
def test_a_notebook_with_the_solutions_in_it_is_all_green(notebooks, name):
    checked = list(exercises(notebooks[name]))
    assert checked
    for already, (number, exercise) in enumerate(checked):
        (output,) = notebooks[name].cells[number].outputs
        *steps, last = output.text.splitlines()
        assert [step for step in steps if not step.startswith("✓ ")] == []
        assert last == f"Solved: {already + 1} of {len(checked)} in lesson {exercise.lesson}."
