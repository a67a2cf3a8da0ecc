"""The two-way gate of the exercises: what is right passes, and what is wrong fails, at the step that is meant to.

The tests of a lesson are a class of their own, so that the test processes share them.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import nbformat
import pytest
from wrong_answers import RIGHT, WRONG, Changes, WrongAnswer

from luffy_lesson.classroom import check
from luffy_lesson.classroom.check.exercise import SOLUTIONS, Exercise
from luffy_lesson.classroom.check.sandbox import ENDS, Outcome

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"

NOT_COVERED = {
    # Places that come back one by one are all back in the end. The step is there for what nobody has thought of.
    ("limit", "all jobs are done in the end"),
}


def source_of(exercise: Exercise, answer: Changes) -> str:
    if isinstance(answer, str):
        return dedent(answer).lstrip()
    source = exercise.solution_file.read_text(encoding="utf-8")
    for old, new in answer.items():
        assert source.count(old) == 1, f"this change no longer applies, write it anew: {old}"
        source = source.replace(old, new)
    return source


def run(exercise: Exercise, source: str, namespace: dict[str, Any] | None = None) -> list[Outcome]:
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    exec(compile(source, "<answer>", "exec"), namespace)
    return list(exercise.attempt(namespace[exercise.answer]))


@functools.cache
def run_solution(name: str) -> list[Outcome]:
    exercise = Exercise.all[name]
    return run(exercise, source_of(exercise, {}))


def exercises(lesson: int) -> list[Exercise]:
    return [exercise for exercise in Exercise.all.values() if exercise.lesson == lesson]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mine = exercises(getattr(metafunc.cls, "lesson", 0))
    if "answer" in metafunc.fixturenames:
        table = WRONG if "wrong" in metafunc.function.__name__ else RIGHT
        pairs = [(exercise, answer) for exercise in mine for answer in table.get(exercise.name, [])]
        names = [f"{exercise.name}: {answer.name}" for exercise, answer in pairs]
        metafunc.parametrize(("exercise", "answer"), pairs, ids=names)
    elif "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", mine, ids=lambda exercise: exercise.name)


class Gate:
    lesson: ClassVar[int]

    def test_the_solution_passes(self, exercise):
        outcomes = run_solution(exercise.name)
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS

    def test_every_step_has_a_name_of_its_own_and_a_wrong_answer(self, exercise):
        steps = [outcome.step for outcome in run_solution(exercise.name)[:-1]]
        assert len(set(steps)) == len(steps)
        meant = {answer.step for answer in WRONG[exercise.name]}
        assert meant <= {*steps, ENDS}
        not_covered = {(exercise.name, step) for step in steps if step not in meant}
        assert not_covered == {(name, step) for name, step in NOT_COVERED if name == exercise.name}

    def test_another_right_answer_passes(self, exercise, answer):
        outcomes = run(exercise, source_of(exercise, answer.answer))
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS

    def test_a_wrong_answer_fails_at_its_step(self, exercise, answer: WrongAnswer):
        *before, last = run(exercise, source_of(exercise, answer.answer))
        assert (last.step, last.right) == (answer.step, False), last
        assert all(outcome.right for outcome in before)
        assert not last.missing
        # What was expected and what was seen: of code that is ended, that it is still at work.
        assert re.fullmatch(r"expected .+, (saw|and) .+", last.says, re.DOTALL)


class TestLesson1(Gate):
    lesson = 1


class TestLesson2(Gate):
    lesson = 2


class TestLesson3(Gate):
    lesson = 3


@pytest.mark.usefixtures("redis_url")
class TestLesson4(Gate):
    lesson = 4


@pytest.mark.usefixtures("redis_url")
class TestLesson5(Gate):
    lesson = 5


@pytest.mark.usefixtures("redis_url")
class TestLesson6(Gate):
    lesson = 6


class TestLesson7(Gate):
    lesson = 7


@pytest.mark.usefixtures("redis_url")
class TestLesson8(Gate):
    lesson = 8


class TestTables:
    def test_every_exercise_has_what_it_needs(self):
        for name, exercise in Exercise.all.items():
            assert exercise.name == name
            assert exercise.lesson >= 1
            assert exercise.__doc__
            assert len(exercise.hints) in (2, 3)
            assert exercise.solution_file.is_file()
            assert len(WRONG[name]) >= 4
            assert len(RIGHT[name]) >= 2
            assert name in check.__all__
            assert getattr(check, name) is exercise

    def test_nothing_is_there_without_an_exercise(self):
        assert {path.stem for path in SOLUTIONS.glob("*.py")} == set(Exercise.all)
        assert set(WRONG) == set(RIGHT) == set(Exercise.all)
        assert {name for name, _ in NOT_COVERED} <= set(Exercise.all)

    def test_every_answer_has_a_name_of_its_own(self):
        for table in (WRONG, RIGHT):
            for answers in table.values():
                names = [answer.name for answer in answers]
                assert len(set(names)) == len(names)

    def test_every_lesson_has_its_tests(self):
        lessons = [tests.lesson for tests in Gate.__subclasses__()]
        assert sorted({exercise.lesson for exercise in Exercise.all.values()}) == lessons


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def imports(source: str) -> str:
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, nodes))


def checks(lesson: int) -> Iterator[tuple[str, str, nbformat.NotebookNode, nbformat.NotebookNode]]:
    """Yield of each check in a lesson's notebook: the exercise's name, the answer's, the cell to fill in, its own."""
    (path,) = NOTEBOOKS.glob(f"0{lesson}_*.ipynb")
    for cell in code_cells(path):
        if "raise NotImplementedError" in cell.source:
            stub = cell
        for name, answer in re.findall(r"check\.(\w+)\((\w+)\)", cell.source):
            yield name, answer, stub, cell


class TestNotebooks:
    @pytest.mark.parametrize("lesson", [1, 2, 3, 4, 5, 6, 7, 8])
    def test_a_notebook_has_the_checks_of_its_lesson(self, lesson):
        found = [(name, answer) for name, answer, _, _ in checks(lesson)]
        assert found == [(exercise.name, exercise.answer) for exercise in exercises(lesson)]

    @pytest.mark.parametrize("lesson", [1, 2, 3, 4, 5, 6, 7, 8])
    def test_a_stub_is_not_solved_yet(self, lesson, redis_url, monkeypatch):
        monkeypatch.syspath_prepend(NOTEBOOKS)  # it may import what lies beside it
        (path,) = NOTEBOOKS.glob(f"0{lesson}_*.ipynb")
        start = imports(code_cells(path)[0].source)
        for name, _, stub, _ in checks(lesson):
            namespace = {"__name__": "__main__"}
            exec(start, namespace)
            last = run(Exercise.all[name], stub.source, namespace)[-1]
            assert not last.right
            assert last.missing, f"{name}: {last}"

    @pytest.mark.parametrize("lesson", [1, 2, 3, 4, 5, 6, 7, 8])
    def test_a_stored_check_says_that_it_is_not_solved_yet(self, lesson):
        for _, _, _, cell in checks(lesson):
            (output,) = cell.outputs
            assert output.output_type == "stream"
            assert re.match(r"(✓.*\n)*not solved yet", output.text)
