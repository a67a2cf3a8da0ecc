"""The solutions, in the cells of the lessons that ask for them: checked as a teacher checks a class, all are solved."""

import asyncio
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from luffy_lesson.classroom.check import Exercise
from luffy_lesson.classroom.check.exercise import names_of, standing
from luffy_lesson.launcher.grade import check
from luffy_lesson.launcher.kernel import ThisPython

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("0[1-9]_*.ipynb"))


def pairs(notebook: nbformat.NotebookNode) -> list[tuple[nbformat.NotebookNode, nbformat.NotebookNode, Exercise]]:
    """Each cell to fill in, the one that checks it, and the exercise."""
    found = []
    for cell in notebook.cells:
        if "raise NotImplementedError" in cell.source:
            stub = cell
        elif call := re.fullmatch(r"check\.(\w+)\(\w+\)", cell.source):
            found.append((stub, cell, Exercise.all[call[1]]))
    return found


def solved(path: Path) -> nbformat.NotebookNode:
    """The notebook with the solutions."""
    notebook = nbformat.read(path, as_version=4)
    for stub, _, exercise in pairs(notebook):
        stub.source = exercise.solution_file.read_text()
    return notebook


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_notebook_with_the_solutions_in_it_has_every_exercise_solved(path, tmp_path, capsys):
    nbformat.write(solved(path), tmp_path / path.name)
    assert check(str(tmp_path)) == 0
    names = names_of(int(path.name[:2]))
    row, end = capsys.readouterr().out.splitlines()[1:]
    assert row == f"{path.name}   {standing(names, set(names))}"
    assert end == "1 notebook, 1 of them with every exercise solved."


async def run_all(notebooks):
    options = {"timeout": 60, "resources": {"metadata": {"path": str(FOLDER)}}, "coalesce_streams": True}
    clients = [NotebookClient(notebook, **options) for notebook in notebooks]
    for client in clients:
        client.create_kernel_manager().kernel_spec_manager = ThisPython()
    await asyncio.gather(*[client.async_execute() for client in clients])


@pytest.mark.executors
def test_run_from_the_top_with_the_solutions_every_check_is_green():
    notebooks = [solved(path) for path in PATHS]
    asyncio.run(run_all(notebooks))  # side by side: most of their time they wait
    for notebook in notebooks:
        checked = pairs(notebook)
        for number, (_, cell, exercise) in enumerate(checked, 1):
            (output,) = cell.outputs
            *steps, last = output.text.splitlines()
            assert [step for step in steps if not step.startswith("✓ ")] == []
            assert last == f"Solved: {number} of {len(checked)} in lesson {exercise.lesson}."
