"""The two-way gate of the exercises: what is right passes, and what is wrong fails, at the step that is meant to.

Each answer is a file in the folder of its exercise; a wrong one begins with the step that must notice it. A dozen
answers are a class, for a class is what the test processes share: a check waits for most of its time.
"""

import ast
import functools
import itertools
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pytest

from luffy_lesson.classroom import check
from luffy_lesson.classroom.check.exercise import Exercise
from luffy_lesson.classroom.check.sandbox import ENDS, RAISES, Outcome

ROOT = Path(__file__).parents[3]
NOTEBOOKS = ROOT / "notebooks"

MEANT = "# must fail at: "
PART = 12

NOT_COVERED = {
    # Places that come back one by one are all back in the end. The step is there for what nobody has thought of.
    ("limit", "all jobs are done in the end"),
    # What was thought of fails at the step before it. It is a step of its own to have time of its own.
    ("put_back", "also when they put back, take and add"),
}


def run(exercise: Exercise, source: str, namespace: dict[str, Any] | None = None) -> list[Outcome]:
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    linecache.cache["<answer>"] = (len(source), None, source.splitlines(keepends=True), "<answer>")  # as of a cell
    exec(compile(source, "<answer>", "exec"), namespace)
    return list(exercise.attempt(namespace[exercise.answer]))


@functools.cache
def run_solution(name: str) -> list[Outcome]:
    exercise = Exercise.all[name]
    return run(exercise, exercise.solution_file.read_text(encoding="utf-8"))


def answers(exercise: Exercise, kind: str) -> list[Path]:
    return sorted(exercise.folder.glob(f"{kind}/*.py"))


def meant(answer: Path) -> str:
    """The step that must notice a wrong answer."""
    first = answer.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith(MEANT), f"{answer.name} does not begin with `{MEANT}STEP`"
    return first.removeprefix(MEANT)


def exercises(lesson: int) -> list[Exercise]:
    return [exercise for exercise in Exercise.all.values() if exercise.lesson == lesson]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not issubclass(metafunc.cls or object, Gate):
        return
    exercise = metafunc.cls.exercise
    if "answer" in metafunc.fixturenames:
        pairs = [(exercise, answer) for answer in metafunc.cls.answers]
        metafunc.parametrize(("exercise", "answer"), pairs, ids=[f"{exercise.name}: {path.stem}" for _, path in pairs])
    else:
        metafunc.parametrize("exercise", [exercise], ids=[exercise.name])


class Gate:
    exercise: ClassVar[Exercise]
    answers: ClassVar[tuple[Path, ...]] = ()


class Solution(Gate):
    def test_the_solution_passes(self, exercise):
        outcomes = run_solution(exercise.name)
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS

    def test_every_step_has_a_name_of_its_own_and_a_wrong_answer(self, exercise):
        steps = [outcome.step for outcome in run_solution(exercise.name)[:-1]]
        assert len(set(steps)) == len(steps)
        covered = set(map(meant, answers(exercise, "wrong")))
        assert covered <= {*steps, ENDS, RAISES}
        not_covered = {(exercise.name, step) for step in steps if step not in covered}
        assert not_covered == {(name, step) for name, step in NOT_COVERED if name == exercise.name}


class Right(Gate):
    def test_another_right_answer_passes(self, exercise, answer):
        outcomes = run(exercise, answer.read_text(encoding="utf-8"))
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS


class Wrong(Gate):
    def test_a_wrong_answer_fails_at_its_step(self, exercise, answer):
        *before, last = run(exercise, answer.read_text(encoding="utf-8"))
        assert (last.step, last.right) == (meant(answer), False), last
        assert all(outcome.right for outcome in before)
        assert not last.missing
        # What was expected and what was seen: of code that is ended, that it is still at work.
        assert re.fullmatch(r"expected .+, (saw|and) .+", last.says, re.DOTALL)


def gate(exercise: Exercise) -> Iterator[type[Gate]]:
    """The tests of an exercise."""
    own = {"exercise": exercise, "pytestmark": [pytest.mark.usefixtures("redis_url")] if exercise.uses_redis else []}
    yield type(f"Test_{exercise.name}", (Solution,), own)
    for tests in (Right, Wrong):
        kind = tests.__name__.lower()
        everything = answers(exercise, kind)
        for part, first in enumerate(range(0, len(everything), PART), 1):
            these = {"answers": everything[first : first + PART]}
            yield type(f"Test_{exercise.name}_{kind}_{part}", (tests,), these | own)


for tests in itertools.chain.from_iterable(map(gate, Exercise.all.values())):
    globals()[tests.__name__] = tests
del tests


class TestTables:
    def test_every_exercise_has_what_it_needs(self):
        for name, exercise in Exercise.all.items():
            assert exercise.name == name
            assert exercise.lesson >= 1
            assert exercise.__doc__
            assert len(exercise.hints) in (2, 3)
            assert exercise.solution_file.is_file()
            assert len(answers(exercise, "wrong")) >= 4
            assert len(answers(exercise, "right")) >= 2
            assert name in check.__all__
            assert getattr(check, name) is exercise

    def test_the_exercises_of_a_lesson_are_counted_from_one(self):
        for lesson in {exercise.lesson for exercise in Exercise.all.values()}:
            numbers = [exercise.number for exercise in exercises(lesson)]
            assert numbers == list(range(1, len(numbers) + 1))

    def test_nothing_is_there_without_an_exercise(self):
        folders = {path.name for path in (ROOT / "luffy_lesson/classroom/exercises").glob("lesson*/*") if path.is_dir()}
        assert folders - {"__pycache__"} == set(Exercise.all)
        assert {name for name, _ in NOT_COVERED} <= set(Exercise.all)


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
