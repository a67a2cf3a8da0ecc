"""A learner's folder: what is new comes, and nothing of theirs is lost."""

import json
import os
import shutil
import threading

import nbformat
import pytest

from luffy_lesson.host import environment
from luffy_lesson.launcher import commands, folder

NOTEBOOK = "01_sync.ipynb"
LAID = "01_sync_v1.1.ipynb"
KEPT = "01_sync_before_v1.1.ipynb"
DEEP = "[" * 200_000


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


@pytest.mark.parametrize(
    "record", [None, "{", "[1]", '"x"', "null", '{"01_sync.ipynb": 5}', DEEP], ids=lambda record: str(record)[:20]
)
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


def test_what_a_learner_has_without_changing_a_source_is_kept_before_it_is_replaced(course, capsys):
    root = folder.provide()
    untouched = (root / NOTEBOOK).read_bytes()
    for version, kept in ("2", KEPT), ("3", "01_sync_before_v1.1_2.ipynb"):
        theirs = nbformat.read(root / NOTEBOOK, as_version=4)
        theirs.cells[0].metadata["mine"] = version
        theirs.cells[0].outputs = [nbformat.v4.new_output("stream", text="my prediction")]
        nbformat.write(theirs, root / NOTEBOOK)
        before = (root / NOTEBOOK).read_bytes()
        write(course / NOTEBOOK, f"say({version})")
        capsys.readouterr()
        folder.provide()
        said = f"{NOTEBOOK} is this version's now. Yours, with what it printed, is {kept}.\n"
        assert capsys.readouterr().out.startswith(said)
        assert (root / kept).read_bytes() == before != untouched
        assert sources(root / NOTEBOOK) == [f"say({version})"]
    assert len(list(root.glob("01_sync*"))) == 3

    write(course / NOTEBOOK, "say(4)")
    folder.provide()
    assert sources(root / NOTEBOOK) == ["say(4)"]
    assert len(list(root.glob("01_sync*"))) == 3  # nobody had touched it


def test_a_learners_notebook_is_not_replaced_where_it_cannot_be_kept(course, monkeypatch):
    root = folder.provide()
    write(root / NOTEBOOK, "say(1)", prints="1")
    write(course / NOTEBOOK, "say(2)")
    before = (root / NOTEBOOK).read_bytes()

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(environment.SetUpError, match=r": No space left on device\. Name"):
        folder.provide()
    assert (root / NOTEBOOK).read_bytes() == before
    assert files(root) == [".luffy-lesson.json", NOTEBOOK, "images/queue.svg", "workers.py"]


def test_launchers_at_once_share_a_new_folder(course, tmp_path, monkeypatch):
    both, replace, errors = threading.Barrier(2, timeout=30), os.replace, []

    def together(source, target):
        both.wait()  # both have written what they are about to put there
        replace(source, target)

    def launch():
        try:
            folder.provide("mine")
        except (environment.SetUpError, threading.BrokenBarrierError) as error:
            both.abort()
            errors.append(error)

    monkeypatch.setattr(os, "replace", together)
    launchers = [threading.Thread(target=launch) for _ in range(2)]
    for launcher in launchers:
        launcher.start()
    for launcher in launchers:
        launcher.join()
    assert not errors
    assert files(tmp_path / "mine") == [".luffy-lesson.json", NOTEBOOK, "images/queue.svg", "workers.py"]


def test_what_another_launcher_copies_meanwhile_is_not_taken_for_the_learners(course, tmp_path, monkeypatch):
    lexists = os.path.lexists

    def copied_meanwhile(path):
        if path == tmp_path / "mine" / NOTEBOOK:
            shutil.copyfile(course / NOTEBOOK, path)
        return lexists(path)

    monkeypatch.setattr(os.path, "lexists", copied_meanwhile)
    folder.provide("mine")
    assert files(tmp_path / "mine") == [".luffy-lesson.json", NOTEBOOK, "images/queue.svg", "workers.py"]


def test_what_is_written_follows_no_link_and_has_the_usual_permissions(course, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    usual = theirs.stat().st_mode
    root = tmp_path / "mine"
    root.mkdir()
    (root / f".{NOTEBOOK}.new").symlink_to(theirs)
    folder.provide("mine")
    assert theirs.read_text() == "theirs"
    assert {(root / name).stat().st_mode for name in (NOTEBOOK, "workers.py", folder.COPIED)} == {usual}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_copied_before_an_interruption_is_known(course, tmp_path, monkeypatch, interruption):
    replace = os.replace

    def interrupted(source, target):
        if target.suffix == ".svg":
            raise interruption
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises((KeyboardInterrupt, environment.SetUpError)):
        folder.provide("mine")
    monkeypatch.setattr(os, "replace", replace)
    assert sorted(os.listdir(tmp_path / "mine")) == [".luffy-lesson.json", NOTEBOOK, "images"]
    assert not os.listdir(tmp_path / "mine/images")
    write(course / NOTEBOOK, "say(2)")
    folder.provide("mine")
    assert sources(tmp_path / "mine" / NOTEBOOK) == ["say(2)"]
    assert files(tmp_path / "mine") == [".luffy-lesson.json", NOTEBOOK, "images/queue.svg", "workers.py"]


def test_a_file_in_the_place_of_a_folder_is_named_and_the_rest_is_known(course, tmp_path):
    root = tmp_path / "mine"
    root.mkdir()
    (root / "images").write_text("mine")
    with pytest.raises(environment.SetUpError, match=rf"File exists \({root}/images\)\."):
        folder.provide("mine")
    assert set(json.loads((root / folder.COPIED).read_text())) == {NOTEBOOK}
    assert (root / "images").read_text() == "mine"


def test_a_notebook_nested_too_deeply_is_a_learners_file(course):
    root = folder.provide()
    (root / NOTEBOOK).write_text(DEEP)
    write(course / NOTEBOOK, "say(2)")
    folder.provide()
    assert (root / NOTEBOOK).read_text() == DEEP
    assert sources(root / LAID) == ["say(2)"]


@pytest.mark.parametrize("name", ["", "mine", "images/../mine/deeper"])
def test_a_folder_inside_the_courses_own_notebooks_is_refused(course, tmp_path, name):
    (tmp_path / "link").symlink_to(course)
    before = files(course)
    for way in "course", "link":
        with pytest.raises(environment.SetUpError, match="is inside the course's own notebooks"):
            folder.provide(f"{way}/{name}")
    assert files(course) == before


def test_a_home_of_nobody_is_named(course):
    with pytest.raises(environment.SetUpError, match="cannot be copied to ~nosuchuser/x: Could not determine home"):
        folder.provide("~nosuchuser/x")


@pytest.mark.parametrize("name", [None, "mine"])
def test_a_current_folder_that_is_gone_is_no_traceback(course, tmp_path, monkeypatch, capsys, name):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(environment.SetUpError, match=f"{name or 'luffy-lesson'}: No such file or directory"):
        folder.provide(name)
    monkeypatch.setenv("LUFFY_HOME", "state")
    assert commands.main(["redis", "status"]) == 1
    assert capsys.readouterr().err == (
        "LUFFY_HOME, state, is relative to the current folder, which cannot be found (No such file or directory). "
        "Go to another folder first.\n"
    )


def test_a_current_folder_that_cannot_be_read_is_no_traceback(course, tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    monkeypatch.chdir(locked)
    locked.chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)  # root reads everything
        with pytest.raises(environment.SetUpError, match="luffy-lesson: Permission denied"):
            folder.provide()
    finally:
        if root:
            os.seteuid(0)
        locked.chmod(0o700)


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
