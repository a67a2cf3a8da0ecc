"""The two-way gate of the exercises: what is right passes, and what is wrong fails, at the step that is meant to.

Each answer is a file in the folder of its exercise; a wrong one begins with the step that must notice it. A dozen
answers are a class, for a class is what the test processes share. A check waits for most of its time: so each of them
tries two answers at once. By default, a right one of each exercise is tried, and a wrong one of each step; with the
mark `answers`, all others.
"""

import ast
import contextlib
import functools
import itertools
import multiprocessing
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import ClassVar

import nbformat
import pytest
from answers import tried

from luffy_lesson.classroom import check
from luffy_lesson.classroom.check.exercise import Exercise
from luffy_lesson.classroom.check.sandbox import ENDS, RAISES, Outcome
from luffy_lesson.host.redis_server import RedisServer

ROOT = Path(__file__).parents[3]
NOTEBOOKS = ROOT / "notebooks"

MEANT = "# must fail at: "
PART = 12
LESSONS = sorted({exercise.lesson for exercise in Exercise.all.values()})
DATABASES = (18, 19)
"""Of the processes that try answers: neither a lesson nor another test has these."""

NOT_COVERED = {
    # Places that come back one by one are all back in the end. The step is there for what nobody has thought of.
    ("limit", "all jobs are done in the end"),
    # What was thought of fails at the step before it. It is a step of its own to have time of its own.
    ("put_back", "also when they put back, take and add"),
}


Begin = Callable[..., "Future[list[Outcome]]"]


@pytest.fixture(scope="session")
def begin() -> Iterator[Begin]:
    """Begin to try an answer, in a small process: a check forks dozens of times, each at the cost of what is there."""
    with contextlib.ExitStack() as stack:
        small = functools.partial(ProcessPoolExecutor, 1, multiprocessing.get_context("spawn"))
        url = RedisServer().start()
        turns = itertools.cycle([(stack.enter_context(small()), f"{url}/{number}") for number in DATABASES])

        def begin(exercise: Exercise, source: str, before: str = "") -> "Future[list[Outcome]]":
            process, database = next(turns)
            return process.submit(tried, exercise.name, source, before, database if exercise.uses_redis else "")

        yield begin


@pytest.fixture(scope="class")
def begun(request: pytest.FixtureRequest, begin: Begin) -> Iterator[dict[Path, "Future[list[Outcome]]"]]:
    """The answers that the tests of a class are about, all of which are on their way."""
    tests = (item for item in request.session.items if isinstance(item, pytest.Function))  # and no cells of notebooks
    paths = [item.callspec.params["answer"] for item in tests if item.cls is request.cls]
    futures = {path: begin(request.cls.exercise, path.read_text(encoding="utf-8")) for path in paths}
    yield futures
    for future in futures.values():
        future.cancel()


@functools.cache
def run_solution(begin: Begin, exercise: Exercise) -> list[Outcome]:
    return begin(exercise, exercise.solution_file.read_text(encoding="utf-8")).result()


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
    def test_the_solution_passes(self, exercise, begin):
        outcomes = run_solution(begin, exercise)
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS

    def test_every_step_has_a_name_of_its_own_and_a_wrong_answer(self, exercise, begin):
        steps = [outcome.step for outcome in run_solution(begin, exercise)[:-1]]
        assert len(set(steps)) == len(steps)
        covered = set(map(meant, answers(exercise, "wrong")))
        assert covered <= {*steps, ENDS, RAISES}
        not_covered = {(exercise.name, step) for step in steps if step not in covered}
        assert not_covered == {(name, step) for name, step in NOT_COVERED if name == exercise.name}


class Right(Gate):
    def test_another_right_answer_passes(self, exercise, answer, begun):
        outcomes = begun[answer].result()
        assert [outcome for outcome in outcomes if not outcome.right] == []
        assert outcomes[-1].step == ENDS


class Wrong(Gate):
    def test_a_wrong_answer_fails_at_its_step(self, exercise, answer, begun):
        *before, last = begun[answer].result()
        assert (last.step, last.right) == (meant(answer), False), last
        assert all(outcome.right for outcome in before)
        assert not last.missing
        # What was expected and what was seen: of code that is ended, that it is still at work.
        assert re.fullmatch(r"expected .+, (saw|and) .+", last.says, re.DOTALL)


def gate(exercise: Exercise) -> Iterator[type[Gate]]:
    """The tests of an exercise."""
    yield type(f"Test_{exercise.name}", (Solution,), {"exercise": exercise})
    right, wrong = answers(exercise, "right"), answers(exercise, "wrong")
    yield from parts(exercise, "right", Right, right[:1])
    yield from map(pytest.mark.answers, parts(exercise, "right_too", Right, right[1:]))
    firsts = [*{meant(answer): answer for answer in reversed(wrong)}.values()]
    yield from parts(exercise, "wrong", Wrong, firsts)
    others = [answer for answer in wrong if answer not in firsts]
    yield from map(pytest.mark.answers, parts(exercise, "wrong_too", Wrong, others))


def parts(exercise: Exercise, name: str, tests: type[Gate], every: list[Path]) -> Iterator[type[Gate]]:
    """The tests of many answers, in classes of a dozen."""
    for part, first in enumerate(range(0, len(every), PART), 1):
        own = {"exercise": exercise, "answers": every[first : first + PART]}
        yield type(f"Test_{exercise.name}_{name}_{part}", (tests,), own)


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
            assert len(answers(exercise, "wrong")) >= 10
            assert len(answers(exercise, "right")) >= 2
            assert name in check.__all__
            assert getattr(check, name) is exercise

    def test_the_exercises_of_a_lesson_are_counted_from_one(self):
        for lesson in LESSONS:
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
    (path,) = NOTEBOOKS.glob(f"{lesson:02}_*.ipynb")
    for cell in code_cells(path):
        if "raise NotImplementedError" in cell.source:
            stub = cell
        for name, answer in re.findall(r"check\.(\w+)\((\w+)\)", cell.source):
            yield name, answer, stub, cell


class TestNotebooks:
    @pytest.mark.parametrize("lesson", LESSONS)
    def test_a_notebook_has_the_checks_of_its_lesson(self, lesson):
        found = [(name, answer) for name, answer, _, _ in checks(lesson)]
        assert found == [(exercise.name, exercise.answer) for exercise in exercises(lesson)]

    @pytest.mark.parametrize("lesson", LESSONS)
    def test_a_stub_is_not_solved_yet(self, lesson, begin):
        (path,) = NOTEBOOKS.glob(f"{lesson:02}_*.ipynb")
        start = f"import sys; sys.path.insert(0, {str(NOTEBOOKS)!r})\n"  # it may import what lies beside it
        start += imports(code_cells(path)[0].source)
        for name, _, stub, _ in checks(lesson):
            last = begin(Exercise.all[name], stub.source, start).result()[-1]
            assert not last.right
            assert last.missing, f"{name}: {last}"

    @pytest.mark.parametrize("lesson", LESSONS)
    def test_a_stored_check_says_that_it_is_not_solved_yet(self, lesson):
        for _, _, _, cell in checks(lesson):
            (output,) = cell.outputs
            assert output.output_type == "stream"
            assert re.match(r"(✓.*\n)*not solved yet", output.text)
