"""A learner's folder: what is new comes, and nothing of theirs is lost."""

import json
import os

import nbformat
import pytest

from luffy_lesson.launcher import commands, environment, folder

NOTEBOOK = "01_sync.ipynb"
LAID = "01_sync_v1.1.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The notebooks of the course, where a later version is simulated by writing."""
    course = tmp_path / "course"
    (course / "images").mkdir(parents=True)
    (course / ".ipynb_checkpoints").mkdir()
    (course / ".ipynb_checkpoints/old.ipynb").touch()
    write(course / NOTEBOOK, "say(1)")
    (course / "workers.py").write_text("one")
    (course / "images/queue.svg").write_text("<svg/>")
    monkeypatch.setattr(folder, "NOTEBOOKS", course)
    monkeypatch.setattr(folder, "__version__", "1.1")
    monkeypatch.chdir(tmp_path)
    return course


def write(path, *sources, prints=""):
    """Write a notebook with these cells; each has printed something perhaps."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    for cell in notebook.cells:
        cell.outputs = [nbformat.v4.new_output("stream", text=prints)] if prints else []
    nbformat.write(notebook, path)


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_at_first_all_is_copied_to_the_default_folder_and_nothing_that_jupyter_left(course, tmp_path, capsys):
    assert folder.provide() == tmp_path / "luffy-lesson"
    assert files(tmp_path / "luffy-lesson") == [".luffy-lesson.json", NOTEBOOK, "images/queue.svg", "workers.py"]
    assert capsys.readouterr().out == f"Your notebooks are in {tmp_path / 'luffy-lesson'}.\n"


def test_a_folder_is_used_that_the_learner_names(course, tmp_path, monkeypatch):
    assert folder.provide("here/mine") == tmp_path / "here/mine"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert folder.provide("~/mine") == tmp_path / "home/mine"
    assert (tmp_path / "home/mine" / NOTEBOOK).exists()


def test_from_within_the_folder_it_is_found(course, tmp_path, monkeypatch):
    root = folder.provide()
    monkeypatch.chdir(root)
    assert folder.provide() == root
    assert not (root / "luffy-lesson").exists()


def test_a_second_start_changes_nothing(course, tmp_path):
    root = folder.provide()
    write(root / NOTEBOOK, "say(1)", prints="1")  # it was run, and not changed
    (root / "notes.txt").write_text("mine")
    before = {name: (root / name).read_bytes() for name in files(root)}
    folder.provide()
    assert {name: (root / name).read_bytes() for name in files(root)} == before


def test_a_later_version_replaces_what_nobody_changed(course):
    root = folder.provide()
    write(root / NOTEBOOK, "say(1)", prints="1")  # it was run, and not changed
    write(course / NOTEBOOK, "say(2)")
    (course / "workers.py").write_text("two")
    write(course / "02_threaded.ipynb", "new")
    folder.provide()
    assert sources(root / NOTEBOOK) == ["say(2)"]
    assert (root / "workers.py").read_text() == "two"
    assert sources(root / "02_threaded.ipynb") == ["new"]
    assert not (root / LAID).exists()


def test_a_later_version_is_laid_once_beside_what_was_changed(course, capsys, monkeypatch):
    root = folder.provide()
    write(root / NOTEBOOK, "say(1)", "mine = 1")
    (root / "workers.py").write_text("mine")
    folder.provide()
    assert not (root / LAID).exists()  # there is no later version yet

    write(course / NOTEBOOK, "say(2)")
    capsys.readouterr()
    for _ in range(2):
        folder.provide()
    assert sources(root / NOTEBOOK) == ["say(1)", "mine = 1"]
    assert sources(root / LAID) == ["say(2)"]
    assert (root / "workers.py").read_text() == "mine"
    assert capsys.readouterr().out.count(f"{NOTEBOOK} is yours, and stays. This version's is {LAID}.") == 1

    write(root / LAID, "say(2)", "mine, too")
    write(course / NOTEBOOK, "say(3)")  # under the same number: from a checkout
    folder.provide()
    assert sources(root / LAID) == ["say(2)", "mine, too"]
    assert sources(root / "01_sync_v1.1_2.ipynb") == ["say(3)"]


@pytest.mark.parametrize("record", [None, "{", "[1]", '"x"', "null"])
def test_without_a_record_all_that_differs_is_the_learners(course, record):
    root = folder.provide()
    write(root / NOTEBOOK, "mine")
    (root / folder.COPIED).unlink()
    if record:
        (root / folder.COPIED).write_text(record)
    folder.provide()
    write(root / LAID, "say(1)", prints="1")  # it was run, and not changed
    if record:
        (root / folder.COPIED).write_text(record)  # damaged again
    before = (root / LAID).read_bytes()
    folder.provide()
    assert sources(root / NOTEBOOK) == ["mine"]
    assert (root / LAID).read_bytes() == before
    assert len(list(root.glob("01_sync*"))) == 2
    assert set(json.loads((root / folder.COPIED).read_text())) == {NOTEBOOK, "images/queue.svg", "workers.py"}


def test_a_file_that_was_there_before_stays(course, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / NOTEBOOK).write_text("no notebook")
    folder.provide("mine")
    assert (tmp_path / "mine" / NOTEBOOK).read_text() == "no notebook"
    assert sources(tmp_path / "mine" / LAID) == ["say(1)"]


def test_what_was_deleted_comes_back(course):
    root = folder.provide()
    (root / NOTEBOOK).unlink()
    folder.provide()
    assert sources(root / NOTEBOOK) == ["say(1)"]


def test_a_folder_that_cannot_be_made_is_named(course, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(environment.SetUpError, match=f"cannot be copied to {tmp_path}/file/mine: Not a directory"):
        folder.provide("file/mine")


def test_lab_opens_that_folder_where_one_is_named_or_the_package_is_installed(course, tmp_path, monkeypatch):
    programs = []
    monkeypatch.setattr(commands, "run", lambda command, variables=None: programs.append(command))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    assert commands.main(["--folder", "mine", "--no-browser"]) == 0
    monkeypatch.setattr(commands, "INSTALLED", True)
    assert commands.main(["lab"]) == 0
    for program, name in zip(programs, ["mine", "luffy-lesson"], strict=True):
        assert f"--ServerApp.root_dir={tmp_path / name}" in program
        assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in program
        assert (tmp_path / name / NOTEBOOK).exists()
        assert not any(word.startswith("--folder") for word in program)
    assert programs[0][-1] == "--no-browser"


@pytest.mark.parametrize("command", ["test", "store"])
def test_an_installed_package_says_that_tests_need_the_sources(monkeypatch, capsys, command):
    monkeypatch.setattr(commands, "INSTALLED", True)
    assert commands.main([command]) == 1
    said = capsys.readouterr().err
    assert said == f"`{command}` needs the sources: run it in a checkout or an unpacked sdist.\n"


def test_in_a_checkout_the_checkouts_own_notebooks_are_the_course():
    """Also where `pip install -e .` has left a copy of them."""
    assert folder.NOTEBOOKS == environment.ROOT / "notebooks"
    assert os.path.samefile(environment.ROOT / "luffy_lesson", environment.PACKAGE)
