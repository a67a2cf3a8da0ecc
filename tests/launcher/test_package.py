"""The package as people get it: built, installed with a network where nothing else is, and used."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import venv
import zipfile

import nbformat
import pytest

from luffy_lesson import __version__
from luffy_lesson.classroom.check import Exercise
from luffy_lesson.host.environment import ROOT
from luffy_lesson.host.redis_server import ENDS_WITH

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

NETWORK = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "SSL_", "http"))}


def run(*command, cwd, succeeds=True, **variables):
    """Run a program where nothing of this environment counts, and return what it has said."""
    known = {"PATH": os.defpath, "PYTHONUTF8": "1", "BROWSER": sys.executable, **NETWORK}
    done = subprocess.run(
        command, cwd=cwd, env=known | variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500
    )
    assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
    return done.stdout if succeeds else done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with what `python -m build` has made of a copy of the checkout, in which somebody has worked."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "course"
    leave = shutil.ignore_patterns(".git", ".venv", "*.egg-info", ".*_cache", ".hypothesis", "dist")
    shutil.copytree(ROOT, copy, ignore=leave)
    (copy / "notebooks/.ipynb_checkpoints").mkdir(exist_ok=True)
    (copy / "notebooks/.ipynb_checkpoints/01_sync-checkpoint.ipynb").write_text("{}")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(copy), cwd=folder, HOME=str(folder))
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """A function that runs a program of an environment which has the wheel, and what it asks for."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    (folder / "home").mkdir()
    (wheel,) = built.glob("*.whl")

    def ask(program, *arguments, cwd=folder, **more):
        mine = {"HOME": str(folder / "home"), "LUFFY_HOME": str(folder / "luffy"), ENDS_WITH: os.environ[ENDS_WITH]}
        return run(str(folder / "venv/bin" / program), *arguments, cwd=cwd, **mine | more)

    ask("python", "-m", "pip", "install", "--quiet", "--no-compile", str(wheel))
    yield ask
    ask("luffy-lesson", "redis", "stop")


def test_the_source_distribution_has_all_and_nothing_that_was_left_behind(built):
    with tarfile.open(built / f"luffy_lesson-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"notebooks/01_sync.ipynb", "tests/launcher/test_package.py", "requirements.txt", "conftest.py"}
    assert not [name for name in names if re.search(r"checkpoint|__pycache__|\.venv", name)]


def test_the_wheel_tells_type_checkers_that_it_has_types(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "luffy_lesson/py.typed" in archive.namelist()


def test_help_and_doctor(installed):
    assert installed("luffy-lesson", "--help").startswith("usage: luffy-lesson")
    assert "--folder" in installed("luffy-lesson", "lab", "--help")
    said = installed("luffy-lesson", "doctor").splitlines()
    assert all(line.startswith("✓ ") for line in said)
    assert "✓ the tests' packages: an installed package has no tests" in said


def test_the_wheel_has_what_the_dashboard_and_the_fleet_are_drawn_with(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
    files = [path for suffix in ("html", "css", "js", "svg") for path in (ROOT / "luffy_lesson").rglob(f"*.{suffix}")]
    assert len(files) >= 8
    assert names >= {str(path.relative_to(ROOT)) for path in files}


def test_the_dashboard(installed, start, tmp_path):
    prefix, home = installed("python", "-c", "import sys; print(sys.prefix)").strip(), {"LUFFY_HOME": str(tmp_path)}
    options = {"python": f"{prefix}/bin/luffy-lesson", "run": (), "PYTHONPATH": ""}
    address = start("dashboard", "--port=0", **options, **home).wait_for("The dashboard of", timeout=60).split()[-4]
    for path, has in (
        ("", "No process takes jobs."),
        ("static/live.js", "refresh"),
        ("metrics", "luffy_dead_jobs 0.0"),
    ):
        with urllib.request.urlopen(address + path, timeout=30) as answer:
            assert has in answer.read().decode()
    installed("luffy-lesson", "redis", "stop", **home)


@pytest.mark.parametrize("command", ["test", "store"])
def test_test_and_store_say_that_they_need_the_sources(installed, command):
    assert installed("luffy-lesson", command, succeeds=False).startswith(f"`{command}` needs the sources")


def test_check(installed, tmp_path):
    (tmp_path / "class/anna").mkdir(parents=True)
    notebook = nbformat.read(ROOT / "notebooks/01_sync.ipynb", as_version=4)
    exercise = Exercise.all["perform_now"]
    for cell in notebook.cells:
        if cell.cell_type == "code" and "check.perform_now(" in cell.source:
            cell.source = f"{exercise.solution_file.read_text()}\ncheck.perform_now({exercise.answer})"
    nbformat.write(notebook, tmp_path / "class/anna/01_sync.ipynb")
    with_workers = "05_reliable_queue.ipynb"  # it imports a file that is beside it in the wheel, and not here
    shutil.copy(ROOT / "notebooks" / with_workers, tmp_path / "class/anna")
    said = installed("luffy-lesson", "check", str(tmp_path / "class"))
    assert re.search(r"anna/01_sync\.ipynb +1 of 3 solved +✓ perform_now", said)
    assert re.search(rf"anna/{re.escape(with_workers)} +0 of \d solved", said)


def test_lab_opens_the_course_and_a_notebook_runs(installed, start, tmp_path, eventually):
    options = ["--no-browser", "--ServerApp.port=0", "--IdentityProvider.token=x"]
    prefix, home = installed("python", "-c", "import sys; print(sys.prefix)").strip(), {"LUFFY_HOME": str(tmp_path)}
    lab = start(*options, python=f"{prefix}/bin/luffy-lesson", run=(), PYTHONPATH="", **home)
    page = re.search(r"http://127\.\S*(?=\?)", lab.wait_for("http://127.0.0.1:", timeout=60))[0]
    assert page.endswith("/lab/tree/00_start_here.ipynb")
    html = ""

    def answers():  # it prints its address a moment before it listens
        nonlocal html
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{page}?token=x", timeout=30) as answer:
            html = answer.read().decode()
        return html

    eventually(answers)
    assert "@jupyterlab/apputils-extension:announcements" in html  # our settings are there: it is switched off
    lab.process.terminate()
    lab.ends()
    installed("luffy-lesson", "redis", "stop", **home)

    folder = tmp_path / "luffy-lesson"
    copied, ours = (sorted(path.name for path in one.glob("*.ipynb")) for one in (folder, ROOT / "notebooks"))
    assert copied == ours
    assert {path.name for path in folder.rglob("*.svg")} == {path.name for path in ROOT.glob("notebooks/images/*.svg")}

    notebook = "05_reliable_queue.ipynb"  # another process does its jobs, with workers of a file beside it
    installed("jupyter", "execute", "--inplace", str(folder / notebook), cwd=tmp_path)
    printed = [cell.get("outputs", []) for cell in nbformat.read(folder / notebook, as_version=4).cells]
    assert not [output for outputs in printed for output in outputs if output.output_type == "error"]
    assert len([outputs for outputs in printed if outputs]) > 10


def test_what_was_measured_is_there_to_be_shown_and_the_engines_of_lesson_8_to_be_measured(installed):
    program = (
        "import subprocess, sys; import luffy_lesson.classroom.experiments.benchmark as e; e.faults();"
        "from luffy_lesson.classroom.exercises.lesson11.what_happens import check; print(check.MEASURED.is_file());"
        "print(repr(e.chart(e.BENCHMARKS / 'results', 'Title')));"
        "subprocess.run([sys.executable, e.BENCHMARKS / 'engines.py', '--rounds=1', '--jobs=200', '--single=5',"
        "               '--only', 'luffy', '--results', sys.argv[1]], check=True)"
    )
    said = installed("python", "-c", program, "results")
    assert "\nTrue\n" in said
    assert "<Bars: Title: luffy, step 8 (at least once)" in said
    assert "round 1: luffy, step 8:" in said


def test_without_a_package_it_says_so_and_makes_no_environment(installed):
    installed("python", "-m", "pip", "uninstall", "--quiet", "--yes", "ipywidgets")
    said = installed("luffy-lesson", "lab", succeeds=False)
    installed("python", "-m", "pip", "install", "--quiet", "ipywidgets")
    assert said == "These packages are missing: ipywidgets>=8.1. Install the course again.\n"
