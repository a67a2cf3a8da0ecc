"""Storing a notebook: it is run from the top, and only what has changed is stored anew."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from luffy_lesson.classroom.page.display import stand_in

pytestmark = pytest.mark.commands

CELL = """\
import ipywidgets
from IPython.display import display
from luffy_lesson.classroom.page.display import show_widget
show_widget(ipywidgets.HTML("live"), "stands for it")
display({"image/png": "AAAA", "text/plain": "a picture"}, raw=True)
print('0x1234 on 127.0.0.1:6379 {"id": "0123456789abcdef01234567"}')"""

STANDS = dict(zip(["text/html", "text/plain"], stand_in("stands for it"), strict=True))


def write(path: Path, *cells: str, title: str = "# 1 · One\n\n**You are here:** somewhere\n\nMore.") -> None:
    code = [new_code_cell(source, id=f"code-{number}") for number, source in enumerate(cells)]
    nbformat.write(new_notebook(cells=[new_markdown_cell(title, id="text-01"), *code]), path)


@pytest.fixture
def store(environment, tmp_path):
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "luffy_lesson", "store", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)

    return run


def outputs(path: Path, cell: int = 1) -> list[nbformat.NotebookNode]:
    return list(nbformat.read(path, as_version=4).cells[cell].outputs)


OLD = [
    new_output("display_data", STANDS),
    new_output("display_data", {"image/png": "OLD=", "text/plain": "a picture"}),
    new_output("stream", text='0x9999 on 127.0.0.1:PORT {"id": "999999999999999999999999"}\n'),
]


def test_what_a_notebook_prints_is_stored_and_what_differs_only_in_what_validation_overlooks_stays(store, tmp_path):
    write(tmp_path / "00_zero.ipynb", title="# Begin")
    write(tmp_path / "01_one.ipynb", CELL)
    write(tmp_path / "02_two.ipynb", CELL, title="# 2 · Two")
    notebook = nbformat.read(tmp_path / "02_two.ipynb", as_version=4)
    notebook.cells[1].update(outputs=OLD)
    nbformat.write(notebook, tmp_path / "02_two.ipynb")
    assert store("01_one.ipynb", "02_two.ipynb").returncode == 0
    widget, picture, line = outputs(tmp_path / "01_one.ipynb")
    assert widget.data == STANDS
    assert picture.data == {"image/png": "AAAA", "text/plain": "a picture"}
    assert line.text == '0x1234 on 127.0.0.1:PORT {"id": "0123456789abcdef01234567"}\n'
    assert outputs(tmp_path / "02_two.ipynb") == OLD
    notebook = nbformat.read(tmp_path / "01_one.ipynb", as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    places = "[Start](00_zero.ipynb) → **1 · One** → [2 · Two](02_two.ipynb)"
    assert notebook.cells[0].source == f"# 1 · One\n\n**You are here:** {places}\n\nMore."


def test_pictures_are_stored_anew_when_that_is_wished(store, tmp_path):
    write(tmp_path / "01_one.ipynb", CELL)
    notebook = nbformat.read(tmp_path / "01_one.ipynb", as_version=4)
    notebook.cells[1].update(outputs=OLD)
    nbformat.write(notebook, tmp_path / "01_one.ipynb")
    assert store("01_one.ipynb", "--redraw").returncode == 0
    assert outputs(tmp_path / "01_one.ipynb")[1].data["image/png"] == "AAAA"


def test_a_notebook_whose_cell_fails_is_not_stored(store, tmp_path):
    path = tmp_path / "01_one.ipynb"
    write(path, "print('before')", "1 / 0")
    before = path.read_bytes()
    done = store("01_one.ipynb")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert path.read_bytes() == before


def test_a_notebook_that_is_missing_is_named(store):
    done = store("nowhere.ipynb")
    assert (done.returncode, done.stdout) == (1, "There is no notebook nowhere.ipynb.\n")
