"""How long the course takes is said in four places, and is the same in all of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMBERS = {15: "fifteen", 20: "twenty", 25: "twenty-five", 30: "thirty"}
HOURS = {1: "an hour", 2: "two hours", 3: "three hours", 6: "six hours", 7: "seven hours"}
QUARTERS = {0: "", 1: " and a quarter", 2: " and a half", 3: " and three quarters"}
FIRST_OF_PART_TWO = 5


def rows():
    """Of each lesson in the table of TEACHING.md: how many minutes to read and run it, and for its exercises."""
    table = re.findall(r"^\| (\d\d) · [^|]*\| (\d+) min \| (?:(\d+) min)? ?\|", teaching(), re.MULTILINE)
    return {int(lesson): (int(read), int(exercises or 0)) for lesson, read, exercises in table}


def teaching():
    return (ROOT / "TEACHING.md").read_text(encoding="utf-8")


def said(minutes):
    """A time in words, to the quarter of an hour."""
    hours, quarters = divmod(round(minutes / 15), 4)
    return f"{HOURS[hours]}{QUARTERS[quarters]}"


PARTS = [[row for lesson, row in rows().items() if (lesson >= FIRST_OF_PART_TWO) is two] for two in (False, True)]
READ = [said(sum(read for read, _ in part)) for part in PARTS]
ALL = [said(sum(map(sum, part))) for part in PARTS]


def sentence(file):
    """The sentences of a file that say how long the two parts take."""
    (found,) = re.findall(r"Part one takes .*? Part two takes .*?\.", (ROOT / file).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("file", ["README.md", "TEACHING.md"])
def test_a_file_says_how_long_the_parts_take_as_the_table_does(file):
    one, two = sentence(file).split("Part two")
    assert [READ[0] in one, ALL[0] in one, READ[1] in two, ALL[1] in two] == [True] * 4, (READ, ALL)


def test_the_first_notebook_says_how_long_the_parts_take_as_the_table_does():
    start = (ROOT / "notebooks/00_start_here.ipynb").read_text(encoding="utf-8")
    assert f"**It takes** {READ[0]} for part one and {READ[1]} for part two" in start


@pytest.mark.parametrize("lesson", [lesson for lesson in rows() if lesson])
def test_a_notebook_says_how_long_it_takes_as_the_table_does(lesson):
    (path,) = (ROOT / "notebooks").glob(f"{lesson:02}_*.ipynb")
    assert f"**It takes** {NUMBERS[rows()[lesson][0]]} minutes" in path.read_text(encoding="utf-8")


def test_the_table_has_a_row_for_each_notebook():
    assert sorted(rows()) == [int(path.name[:2]) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
