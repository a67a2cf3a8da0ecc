"""Who may know whom: the steps stand by themselves, all else on them, and nobody goes in circles."""

import ast
import functools
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import luffy_lesson

ROOT = Path(luffy_lesson.__file__).parents[1]
ANSWERS = {*(ROOT / "luffy_lesson").glob("classroom/exercises/*/*/*/*.py")}
ANSWERS |= {*(ROOT / "luffy_lesson").glob("classroom/exercises/*/*/solution.py")}
SOURCES = [path for path in (ROOT / "luffy_lesson").rglob("*.py") if path not in ANSWERS]
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}

MAY_USE = {
    "steps": {"redis_client"},
    "redis_client": set(),
    "host": {"redis_client"},
    "dashboard": {"steps", "redis_client"},
    "classroom.page": {"host"},
    "classroom.watch": {"steps", "dashboard", "classroom.page"},
    "classroom.experiments": {"steps", "host", "classroom.page", "classroom.watch"},
    "classroom.check": {"steps", "redis_client", "host", "classroom.page", "classroom.watch"},
    "classroom.exercises": {"steps", "host", "classroom.check", "classroom.experiments"},
    "classroom": {"steps", "redis_client", "host", *(f"classroom.{room}" for room in ("page", "watch", "experiments"))}
    | {"classroom.check"},
    "launcher": {"steps", "redis_client", "host", "dashboard", "classroom.check"},  # the exercises: what `check` grades
    "": {"launcher"},
}
"""Which rooms the files of a room may import. The package itself has `__main__`, which starts the launcher."""


def room(module: str) -> str:
    """The room of a module: its folder, or what it is."""
    name = module.removeprefix("luffy_lesson").removeprefix(".")
    if name.startswith("step"):
        return "steps"
    if name == "redis_client":
        return name
    if name.startswith("classroom.exercises."):  # found by looking, a folder each
        return "classroom.exercises"
    return name if MODULES[module].stem == "__init__" else name.rpartition(".")[0]


def step(module: str) -> int:
    """The number of a step's module."""
    return int(re.search(r"step(\d+)_", module)[1])


def imported(module: str, source: str) -> set[str]:
    """The modules of the package that a module imports anywhere, also in a function, or for its types only."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports by dots"
            assert node.module
            whole = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            names |= whole or {node.module}
    return names & MODULES.keys() - {"luffy_lesson"}


@functools.cache  # and not as each test process imports this
def arrows() -> dict[str, set[str]]:
    """What each module imports."""
    return {module: imported(module, path.read_text()) for module, path in MODULES.items()}


def complaints(who: dict[str, set[str]]) -> list[str]:
    """What is wrong with who imports whom."""
    found = []
    for module, others in who.items():
        for other in others:
            if room(other) not in {room(module), *MAY_USE[room(module)]}:
                found.append(f"{module} may not know {other}")
            if room(module) == room(other) == "steps" and step(other) > step(module):
                found.append(f"{module} is below {other}")
    try:
        graphlib.TopologicalSorter(who).prepare()
    except graphlib.CycleError as error:
        found.append(f"a circle: {error.args[1]}")
    return found


def test_every_file_imports_only_what_it_may_and_nothing_in_a_circle():
    assert complaints(arrows()) == []


def test_the_rooms_themselves_are_in_no_circle():
    graphlib.TopologicalSorter(MAY_USE).prepare()


@pytest.mark.parametrize(
    ("module", "line", "says"),
    [
        ("step4_redis_queue", "from luffy_lesson.host import redis_server", "step4_redis_queue may not know"),
        ("step4_redis_queue", "from luffy_lesson import step5_reliable_queue", "step4_redis_queue is below"),
        (
            "host.environment",
            "def later():\n    import luffy_lesson.launcher.commands",
            "host.environment may not know",
        ),
        ("classroom.page.display", "from luffy_lesson.classroom.page.predict import predict", "a circle: "),
        ("classroom.watch.record", "from luffy_lesson.classroom import lesson", "classroom.watch.record may not know"),
    ],
)
def test_an_arrow_that_must_not_be_is_seen(module, line, says):
    name = f"luffy_lesson.{module}"
    assert any(says in one for one in complaints(arrows() | {name: arrows()[name] | imported(name, line)}))


@pytest.mark.parametrize("file", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda path: path.name)
def test_workers_beside_the_notebooks_change_nothing_of_the_package(file, environment):
    program = f"""if True:
        import importlib, logging, runpy
        from luffy_lesson.host.steps import steps
        def state():
            classes = {{thing for step in steps() for thing in vars(step).values() if isinstance(thing, type)}}
            return {{one: dict(vars(one)) for one in classes}}, logging.getLogger("luffy_lesson").level
        before = state()
        runpy.run_path({str(file)!r})
        assert state() == before
    """
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_what_takes_long_to_import_is_imported_when_it_is_wanted(environment):
    program = "import sys, luffy_lesson.classroom; print(*{'matplotlib', 'numpy', 'PIL', 'celery'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("\n", "")
