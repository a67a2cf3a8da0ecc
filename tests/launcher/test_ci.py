"""`.ci/run`, of which each part can be run alone."""

import re
import subprocess
import tomllib

import pytest

from luffy_lesson.host.doctor import python
from luffy_lesson.host.environment import ROOT


def parts_of(*words):
    done = subprocess.run([ROOT / ".ci/run", *words], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    said = re.fullmatch(r"There is no part lint\. There are: (.*)\.\n", done.stderr)
    return said[1].split()


def names_of_marks():
    marks = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    return [mark.partition(":")[0] for mark in marks]


def test_a_word_that_is_no_part_is_said_before_anything_runs():
    assert parts_of("lint") == parts_of("style", "lint")


def test_each_part_is_there_and_each_mark_has_its_own():
    parts = parts_of("lint")
    script = (ROOT / ".ci/run").read_text()
    assert set(parts) <= set(re.findall(r"^(\w+)\(\) \{$", script, re.MULTILINE))
    assert set(names_of_marks()) <= set(parts)


def test_github_tries_each_python_that_the_course_supports():
    (supported,) = re.findall(r"for version in ((?:3\.\d+ ?)+);", (ROOT / ".ci/run").read_text())
    (matrix,) = re.findall(r"python: \[(.*)\]", (ROOT / ".github/workflows/ci.yml").read_text())
    assert re.findall(r"[\d.]+", matrix) == supported.split()
    assert python().name == f"Python {supported.split()[0]} to {supported.split()[-1]}"


@pytest.mark.parametrize("mark", [name for name in names_of_marks() if (ROOT / "tests" / name).is_dir()])
def test_all_tests_in_a_folder_with_the_name_of_a_mark_have_it(mark):
    files = list((ROOT / "tests" / mark).rglob("test_*.py"))
    assert files
    for file in files:
        assert re.search(rf"^pytestmark = \[?pytest\.mark\.{mark}\b", file.read_text(encoding="utf-8"), re.MULTILINE)
