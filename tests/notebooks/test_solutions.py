"""The solutions, in the cells of the lessons that ask for them: checked as a teacher checks a class, all are solved."""

import asyncio
import itertools
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from luffy_lesson.classroom.check import Exercise
from luffy_lesson.classroom.check.exercise import names_of, standing
from luffy_lesson.launcher.grade import TRY, check
from luffy_lesson.launcher.kernel import ThisPython, by_files

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = [path for path in sorted(FOLDER.glob("*.ipynb")) if int(path.name[:2])]


def trials(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells to try an answer in."""
    return [cell for cell in notebook.cells if TRY in cell.metadata.get("tags", [])]


def pairs(notebook: nbformat.NotebookNode) -> list[tuple[nbformat.NotebookNode, nbformat.NotebookNode, Exercise]]:
    """Each cell to fill in, the one that checks it, and the exercise."""
    found = []
    to_try_in = trials(notebook)
    for before, cell in itertools.pairwise(cell for cell in notebook.cells if cell not in to_try_in):
        if cell.cell_type == "code" and (call := re.fullmatch(r"check\.(\w+)\(\w+\)", cell.source)):
            found.append((before, cell, Exercise.all[call[1]]))
    return found


def solved(path: Path) -> nbformat.NotebookNode:
    """The notebook with the solutions."""
    notebook = nbformat.read(path, as_version=4)
    for stub, _, exercise in pairs(notebook):
        stub.source = exercise.solution_file.read_text()
    return notebook


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_between_an_answer_and_its_check_is_a_cell_to_try_it_in_which_says_that_it_is_not_written_yet(path):
    notebook = nbformat.read(path, as_version=4)
    between = [notebook.cells[notebook.cells.index(cell) - 1] for _, cell, _ in pairs(notebook)]
    assert between == trials(notebook)
    for cell in between:
        assert cell.outputs[-1].text == "not written yet\n"


@pytest.mark.commands
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
        by_files(client.create_kernel_manager(), os.environ["LUFFY_HOME"]).kernel_spec_manager = ThisPython()
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
        for cell in trials(notebook):
            assert cell.outputs
            assert "not written yet" not in str(cell.outputs)
