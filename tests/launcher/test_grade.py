"""A class's notebooks are checked: each in a kernel of its own, which leaves nothing, whatever it has run."""

import contextlib
import io
import os
import signal
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from luffy_lesson.classroom.check import Exercise, progress_file
from luffy_lesson.launcher.grade import check

pytestmark = pytest.mark.commands

FIRST = "from luffy_lesson.classroom import check, lesson\nlesson.fresh({})"
FIRST_OF_1 = FIRST.format(1)
STUB = "class {0}:\n    def __getattr__(self, name):\n        raise NotImplementedError\n"
WILD = """\
import os, subprocess, sys, threading, time
threading.Thread(target=lambda: time.sleep(600)).start()
subprocess.Popen(["sleep", "600"], start_new_session=True)
subprocess.Popen(["sleep", "600"], start_new_session=True, env={})
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
open("a file of mine", "w").write("hello")
import workers"""
LOUD = "print('x' * 20_000_000)"
RAISING = ["input('name? ')", "sys.exit(3)", "1 / 0", "raise BaseException", "not Python", "%nothing"]
ENDLESS = """\
import threading
while True:
    try:
        threading.Event().wait()
    except BaseException:
        pass"""


def solution(name):
    """The cells of an exercise, with its solution."""
    exercise = Exercise.all[name]
    return [exercise.solution_file.read_text(), f"check.{name}({exercise.answer})"]


def stub(name):
    """The cells of an exercise, as the learner finds them."""
    answer = Exercise.all[name].answer
    return [STUB.format(answer), f"check.{name}({answer})"]


def write(path, *cells, first=FIRST_OF_1, heading="## Your turn\n\nEach exercise has a cell."):
    """A notebook with a first cell, a cell of the lesson that must not be run, and cells below the heading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lesson = [new_code_cell(first), new_code_cell("while True: pass"), new_markdown_cell(heading)]
    rest = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# 1"), *lesson, *rest]), path)


def checked(folder, **options):
    """The exit code, and what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = check(str(folder), **options)
    return code, printed.getvalue().splitlines()


def row(lines, name):
    """What stands behind a notebook's name."""
    (line,) = [line for line in lines if line.startswith(f"{name} ")]
    return line.removeprefix(name).strip()


def inside(folder):
    """The processes that work in a folder or have their home of the course there."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            places = [process.environ().get("LUFFY_HOME", ""), process.cwd()]
            if process.pid != os.getpid() and any(place.startswith(str(folder)) for place in places):
                found.append(process)
    return found


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The folder for temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class, which is checked once for all tests: its folder."""
    folder = tmp_path_factory.mktemp("class")
    everything = [cell for name in ("perform_now", "try_again", "timed") for cell in solution(name)]
    # What is there to try an answer in is not run: it may wait for ever.
    trial = new_code_cell("import os; os._exit(0)", metadata={"tags": ["try"]})
    write(folder / "ben/01.ipynb", trial, *solution("perform_now"), *stub("timed"))
    write(folder / "cleo/wild.ipynb", WILD, LOUD, *RAISING, *solution("perform_now"))
    write(folder / "dan/exit.ipynb", *solution("perform_now"), "import os; os._exit(0)", *solution("timed"))
    write(folder / "eve/04.ipynb", *solution("redis_backend"), first=FIRST.format(4))
    write(folder / "fay/00.ipynb", first=FIRST.format(0), heading="")
    write(folder / "fay/headless.ipynb", *everything, heading="## My turn")
    write(folder / "fay/lessonless.ipynb", *everything, first="import time  # lesson.fresh(1)")
    (folder / "fay/broken.ipynb").write_text('{"cells": [')
    (folder / "fay/list.ipynb").write_text("[]")
    (folder / "fay/empty.ipynb").touch()
    (folder / "fay/folder.ipynb").mkdir()
    (folder / "fay/round").symlink_to(folder, target_is_directory=True)
    write(folder / "fay/.ipynb_checkpoints/01-checkpoint.ipynb", *everything)
    write(folder / ".trash/01.ipynb", *everything)
    old = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(
                cells=[
                    nbformat.v3.new_code_cell(FIRST.format(1)),
                    nbformat.v3.new_heading_cell("Your turn", level=2),
                    *[nbformat.v3.new_code_cell(cell) for cell in solution("perform_now")],
                ]
            )
        ]
    )
    (folder / "gil").mkdir()
    nbformat.write(old, folder / "gil/old.ipynb", version=3)
    return folder


@pytest.fixture(scope="module")
def done(course, temporary, tmp_path_factory):
    """The exit code and the printed lines for the class. Nothing was changed, and nothing is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUFFY_HOME", str(tmp_path_factory.mktemp("teacher")))
        patch.setenv("REDIS_URL", "redis://127.0.0.1:1")  # of the teacher's: it is not used
        progress_file.note("limit", "solved")
        files = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
        environment, progress = dict(os.environ), progress_file.file().read_bytes()
        code, lines = checked(course, seconds=60)
        assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == files
        assert (os.environ, progress_file.file().read_bytes()) == (environment, progress)
    assert list(temporary.iterdir()) == []
    assert inside(temporary) == []
    return code, lines


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ben/01.ipynb", "1 of 3 solved   ✓ perform_now   · try_again   · timed"),
        ("cleo/wild.ipynb", "1 of 3 solved   ✓ perform_now   · try_again   · timed"),
        (
            "dan/exit.ipynb",
            "1 of 3 solved   ✓ perform_now   · try_again   · timed   "
            "a cell has ended the whole kernel: `os._exit`, `exit()` or a crash?",
        ),
        ("eve/04.ipynb", "1 of 4 solved   ✓ redis_backend   · two_queues   · once   · sqlite_backend"),
        ("fay/00.ipynb", "lesson 0 has no exercises"),
        ("fay/broken.ipynb", "cannot be read as a notebook: it is damaged, or something else"),
        ("fay/empty.ipynb", "cannot be read as a notebook: it is damaged, or something else"),
        ("fay/headless.ipynb", "has no exercises: the heading `## Your turn` is missing"),
        ("fay/lessonless.ipynb", "is of no lesson: its first code cell has no `lesson.fresh(...)` with a number"),
        ("fay/list.ipynb", "cannot be read as a notebook: it is damaged, or something else"),
        ("gil/old.ipynb", "1 of 3 solved   ✓ perform_now   · try_again   · timed"),
    ],
)
def test_each_notebook_has_a_row(done, name, says):
    assert row(done[1], name) == says


def test_it_warns_first_and_counts_at_the_end(done):
    code, lines = done
    assert code == 1
    assert lines[0].startswith("This runs the learners' code on this computer, with your rights.")
    assert lines[0].endswith(" 11 notebooks:")
    assert lines[-1] == "11 notebooks, 0 of them with every exercise solved. 6 could not be checked to the end."
    names = [line.split()[0] for line in lines[1:-1]]
    assert len(names) == 11
    assert names == sorted(names)


def test_a_notebook_out_of_time_keeps_what_was_solved_and_the_next_goes_on(tmp_path, temporary):
    write(tmp_path / "class/a.ipynb", *solution("perform_now"), ENDLESS, *solution("timed"))
    write(tmp_path / "class/b.ipynb", first=FIRST.format(0))
    begin = time.monotonic()
    code, lines = checked(tmp_path / "class", seconds=12)
    assert time.monotonic() - begin < 20
    ends = "✓ perform_now   · try_again   · timed   out of time after 12 s: a cell that does not end?"
    assert row(lines, "a.ipynb") == f"1 of 3 solved   {ends}"
    assert row(lines, "b.ipynb") == "lesson 0 has no exercises"
    assert code == 1
    assert list(temporary.iterdir()) == inside(temporary) == []


# the command


def test_the_command_is_well_when_all_could_be_checked(launch, tmp_path):
    write(tmp_path / "class/01.ipynb", *stub("perform_now"))
    done = launch("check", "class", "--seconds", "50")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == [
        "01.ipynb   0 of 3 solved   · perform_now   · try_again   · timed",
        "1 notebook, 0 of them with every exercise solved.",
    ]


def test_ctrl_c_ends_it_with_all_that_runs(start, tmp_path, eventually):
    (tmp_path / "temporary").mkdir()
    write(tmp_path / "class/01.ipynb", WILD, "while True: pass", first=FIRST.format(4))
    process = start("check", "class", TMPDIR=str(tmp_path / "temporary"), PATH=os.environ["PATH"])
    process.wait_for("1 notebook:")
    eventually(lambda: [each for each in inside(tmp_path / "temporary") if each.name() == "sleep"])
    process.process.send_signal(signal.SIGINT)
    assert process.ends() == 1
    assert process.lines[1:] == ["Interrupted."]
    assert list((tmp_path / "temporary").iterdir()) == inside(tmp_path / "temporary") == []


@pytest.mark.parametrize(
    ("folder", "seconds", "says"),
    [
        ("nowhere", 120, "There is no folder nowhere."),
        ("empty", 120, "There is no notebook in empty."),
        ("empty", 0, "The time limit for a notebook must be more than 0 seconds."),
        ("empty", float("nan"), "The time limit for a notebook must be more than 0 seconds."),
    ],
)
def test_where_there_is_nothing_to_check_that_is_said(monkeypatch, tmp_path, folder, seconds, says):
    monkeypatch.chdir(tmp_path)
    Path("empty/.ipynb_checkpoints").mkdir(parents=True)
    Path("empty/.ipynb_checkpoints/01.ipynb").touch()
    assert checked(folder, seconds=seconds) == (1, [says])


def test_what_cannot_be_opened_has_a_row_too(monkeypatch, tmp_path):
    def no_entry(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "closed").mkdir()
    write(tmp_path / "evil\x1b[2J.ipynb", first=FIRST.format(0))
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: no_entry(path) if str(path).endswith("closed") else scandir(path))
    code, lines = checked(tmp_path)
    assert row(lines, "closed") == "cannot be opened: a folder without access"
    assert row(lines, "evil?[2J.ipynb") == "lesson 0 has no exercises"
    assert (code, len(lines)) == (1, 4)
