"""The solutions, in the cells of the lessons that ask for them: checked as a teacher checks a class, all are solved."""

import re
from pathlib import Path

import nbformat
import pytest

from luffy_lesson.classroom.check import Exercise
from luffy_lesson.classroom.check.exercise import names_of, standing
from luffy_lesson.launcher.check import check

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("0[1-9]_*.ipynb"))


def solved(path: Path) -> nbformat.NotebookNode:
    """The notebook with the solutions: each in the code cell before the one that checks it."""
    notebook = nbformat.read(path, as_version=4)
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and (found := re.fullmatch(r"check\.(\w+)\(\w+\)", cell.source)):
            before.source = Exercise.all[found[1]].solution_file.read_text()
    return notebook


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_notebook_with_the_solutions_in_it_has_every_exercise_solved(path, tmp_path, capsys):
    nbformat.write(solved(path), tmp_path / path.name)
    assert check(str(tmp_path)) == 0
    names = names_of(int(path.name[:2]))
    row, end = capsys.readouterr().out.splitlines()[1:]
    assert row == f"{path.name}   {standing(names, set(names))}"
    assert end == "1 notebook, 1 of them with every exercise solved."
