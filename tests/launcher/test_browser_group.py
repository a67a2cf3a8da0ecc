"""Which tests the command runs: all, those in a real browser as a group of their own, or the quick ones."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fast_import import PYTHONPATH

from luffy_lesson.launcher import commands

pytestmark = pytest.mark.commands

BROWSER_TESTS = Path(__file__).parents[1] / "browser"
SETTINGS = """
[project]
dependencies = []
[dependency-groups]
test = ["pytest"]
[tool.pytest.ini_options]
markers = ["browser"]
addopts = "-m 'not browser' -p no:cacheprovider"
"""
SUITE = """
import os, time, pytest

def test_usual():
    if "WAITS" in os.environ:
        print("begun", os.getpid(), flush=True)
        time.sleep(30)

@pytest.mark.browser
def test_page():
    assert "PAGE_FAILS" not in os.environ
"""
LEFT_OUT = "The tests in a browser were left out: no Chromium or Chrome was found.\n"


@pytest.fixture
def variables(variables, checkout):
    """The copy of the checkout is what runs, with one plugin of pytest only: to load them all takes a while."""
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
    return variables | plugins | {"PYTHONPATH": str(checkout)}


@pytest.fixture
def course(checkout):
    """A copy of the checkout with two tests, on a machine without a browser."""
    (checkout / "pyproject.toml").write_text(SETTINGS)
    (checkout / "conftest.py").write_text("def pytest_unconfigure(): print('tidied up')")
    (checkout / "test_suite.py").write_text(SUITE)
    found = checkout / "luffy_lesson/host/browser.py"
    found.write_text(found.read_text().replace("/Applications", "/nowhere"))
    return checkout


@pytest.fixture
def chromium(variables):
    """A file that looks like a browser, for it is never started."""
    path = Path(variables["PATH"]) / "chromium"
    path.touch(mode=0o755)


# python3 -m luffy_lesson test


@pytest.mark.usefixtures("chromium")
def test_both_groups_run_where_there_is_a_browser(course, launch):
    done = launch("test", "-n0", cwd=course, PAGE_FAILS="1")
    assert done.returncode == 1
    usual, browser = re.findall(r"^=+ (.*) in .*s =+$", done.stdout, re.MULTILINE)
    assert (usual, browser) == ("1 passed, 1 deselected", "1 failed, 1 deselected")
    assert LEFT_OUT not in done.stdout


@pytest.mark.parametrize(("variables_of_ci", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_without_a_browser_it_says_so_and_in_ci_fails(course, launch, variables_of_ci, code):
    done = launch("test", "-n0", cwd=course, **variables_of_ci)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.count("1 passed") == 1
    assert done.stdout.endswith(LEFT_OUT)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([0, 0], 0),
        ([1, 0], 1),
        ([0, 1], 1),
        ([0, 5], 0),
        ([5, 0], 0),
        ([5, 5], 5),
        ([0, -9], -9),
        ([5, 1], 1),
        ([2], 2),
    ],
)
def test_it_fails_when_one_group_fails_and_not_when_one_has_no_such_tests(monkeypatch, tmp_path, codes, code):
    monkeypatch.chdir(tmp_path)  # a command may go elsewhere; this goes back
    monkeypatch.setattr(commands, "find_browser", lambda: "chromium")
    monkeypatch.setattr(commands, "wait_for", lambda command: codes.pop(0))
    assert commands.main(["test"]) == code
    assert codes == []


QUICK = """
import pytest

def test_quick():
    pass

@pytest.mark.hypothesis
def test_of_many_inputs():
    assert False

@pytest.mark.every_step
def test_of_a_step_among_others():
    assert False
"""


@pytest.fixture
def quick(course):
    """The course, with a test in each place, of which only some are quick."""
    (course / "tests/notebooks").mkdir(parents=True)
    shutil.copy(BROWSER_TESTS.parent / "fast_import.py", course / "tests")
    for name in ["test_step1_sync", "test_step2_threaded", "test_backend_contract", "test_servers"]:
        (course / f"tests/{name}.py").write_text(QUICK)
    for name in ["test_rules", "test_solutions"]:
        (course / f"tests/notebooks/{name}.py").write_text(QUICK)
    return course


@pytest.mark.usefixtures("chromium")
def test_quick_runs_the_steps_and_the_rules_and_no_browser(quick, launch):
    done = launch("test", "--quick", "-n0", "-v", cwd=quick)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(\S+)::test_quick PASSED", done.stdout, re.MULTILINE) == [
        "tests/test_step1_sync.py",
        "tests/test_step2_threaded.py",
        "tests/test_backend_contract.py",
        "tests/notebooks/test_rules.py",
    ]
    assert "4 passed, 8 deselected" in done.stdout


def test_quick_passes_options_on_and_says_what_failed(quick, launch):
    (quick / "tests/test_step1_sync.py").write_text(QUICK.replace("pass", "assert False"))
    assert launch("test", "--quick", "-n0", cwd=quick).returncode == 1
    done = launch("test", "-k", "step2", "--quick", "-n0", cwd=quick)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed, 11 deselected" in done.stdout


def test_the_files_of_the_quick_tests_are_there():
    assert all(list(commands.ROOT.glob(pattern)) for pattern in commands.QUICK)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
@pytest.mark.usefixtures("chromium")
def test_an_interrupted_run_tidies_up_and_does_not_go_on(course, start, number):
    process = start("test", "-n0", "-s", cwd=course, preexec=os.setsid, WAITS="1")
    tests = psutil.Process(int(process.wait_for("begun").split()[-1]))
    if number == signal.SIGINT:  # as Ctrl-C does: it reaches all
        os.killpg(process.pid, number)
        assert process.ends() == 2
        assert "tidied up" in process.lines
    else:
        os.kill(process.pid, number)
        assert process.ends() != 0
    assert not tests.is_running()
    assert "test session starts" in process.lines[0]
    assert sum("test session starts" in line for line in process.lines) == 1


# a browser test that is skipped


@pytest.mark.parametrize(("ci", "code", "says"), [("", 0, "1 skipped"), ("true", 1, "no Chromium or Chrome was found")])
@pytest.mark.usefixtures("course")
def test_a_browser_test_that_is_skipped_in_ci_has_failed(variables, tmp_path, ci, code, says):
    folder = tmp_path / "browser"
    shutil.copytree(BROWSER_TESTS, folder, ignore=shutil.ignore_patterns("test_*", "__pycache__"))
    (folder / "test_page.py").write_text("def test_page(lab): pass")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", folder],
        env=variables | {"CI": ci, "PYTHONPATH": f"{variables['PYTHONPATH']}:{BROWSER_TESTS.parent}:{PYTHONPATH}"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert says in done.stdout
