"""Notebooks are run by this very interpreter, also where a user has installed another one under the name `python3`."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import luffy_lesson
from luffy_lesson.launcher.kernel import ThisPython, by_files

pytestmark = pytest.mark.commands

ROOT = Path(luffy_lesson.__file__).parents[1]
ANOTHER = """
import sys
sys.modules["luffy_lesson"] = None
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""
FIRST = "from luffy_lesson.classroom import check, lesson\nlesson.fresh({})"


@pytest.fixture
def shadowed(tmp_path: Path) -> dict[str, str]:
    """The variables of a user for whom `python3` is a Python that does not have the course."""
    kernel = tmp_path / "jupyter/kernels/python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-c", ANOTHER, "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "3", "language": "python"}))
    return {"JUPYTER_PATH": str(tmp_path / "jupyter")}


def write(path, *cells):
    path.parent.mkdir(exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=kernel), path)
    return path


def to_check(path, first, *cells):
    return write(path, new_code_cell(first), new_markdown_cell("## Your turn"), *map(new_code_cell, cells))


def test_check_runs_what_was_solved(launch, shadowed, tmp_path):
    solution = "class Mine:\n    @classmethod\n    def perform_now(cls, *args):\n        return cls().perform(*args)"
    to_check(tmp_path / "class/01.ipynb", FIRST.format(1), solution, "check.perform_now(Mine)")
    done = launch("check", "class", **shadowed)
    assert done.stdout.splitlines()[1] == "01.ipynb   1 of 3 solved   ✓ perform_now   · try_again   · timed"


def test_store_runs_what_imports_the_course(launch, shadowed, tmp_path):
    path = write(tmp_path / "01.ipynb", new_markdown_cell("# 1"), new_code_cell("import luffy_lesson; print('here')"))
    assert launch("store", "01.ipynb", **shadowed).returncode == 0
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "here\n"


def test_pytest_validates_what_imports_the_course(shadowed, environment, tmp_path):
    output = new_output("stream", text="luffy_lesson\n")
    cell = new_code_cell("import luffy_lesson\nprint(luffy_lesson.__name__)", execution_count=1, outputs=[output])
    path = write(tmp_path / "01.ipynb", cell)
    options = ["--config-file=pyproject.toml", f"--confcutdir={tmp_path}", "--numprocesses=0", "-pno:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environment | shadowed, capture_output=True, text=True, timeout=60)
    assert " 1 passed" in done.stdout


def test_lab_offers_this_python(start, shadowed, tmp_path, redis_url, eventually):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    jupyter = start("--no-browser", f"--port={port}", "--IdentityProvider.token=x", REDIS_URL=redis_url, **shadowed)
    jupyter.wait_for(f"http://127.0.0.1:{port}/lab", timeout=60)
    address = f"http://127.0.0.1:{port}/api/kernelspecs?token=x"
    specs = {}

    def answers():
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=30) as answer:
            specs.update(json.load(answer)["kernelspecs"])
        return specs

    eventually(answers)
    assert {name: each["spec"]["argv"][:3] for name, each in specs.items()} == {
        "python3": [sys.executable, "-m", "ipykernel_launcher"]
    }


# how one talks to it


@pytest.fixture
def manager():
    manager = KernelManager(kernel_spec_manager=ThisPython())
    yield manager
    manager.shutdown_kernel(now=True)


def answers(manager):
    """What a kernel answers, that is started."""
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive("", user_expressions={"sum": "6 * 7"}, timeout=60)
    client.stop_channels()
    return reply["content"]["user_expressions"]["sum"]["data"]["text/plain"]


def test_a_kernel_listens_on_files_none_of_which_another_process_can_have_taken(manager):
    with tempfile.TemporaryDirectory() as folder:
        assert answers(by_files(manager, folder)) == "42"
        assert len(list(Path(folder).glob("kernel_*/socket*"))) == 5


def test_where_a_path_has_no_room_for_sockets_a_kernel_has_ports(manager, tmp_path):
    (tmp_path / ("long" * 10)).mkdir()
    assert answers(by_files(manager, str(tmp_path / ("long" * 10)))) == "42"


# check, where a first cell fails


def test_a_notebook_whose_first_cell_fails_is_not_judged(launch, tmp_path):
    to_check(tmp_path / "class/dies.ipynb", "import os; os._exit(0)\n" + FIRST.format(1))
    to_check(tmp_path / "class/raises.ipynb", "raise OSError('\\x1b[2J')\n" + FIRST.format(1))
    done = launch("check", "class")
    assert done.stdout.splitlines()[1:-1] == [
        "dies.ipynb     could not be checked: a cell has ended the whole kernel: `os._exit`, `exit()` or a crash?",
        "raises.ipynb   could not be checked: its first cell fails: OSError: ?[2J",
    ]
    assert done.returncode == 1


def test_a_notebook_whose_first_cell_does_not_end_is_not_judged(launch, tmp_path):
    to_check(tmp_path / "class/01.ipynb", "while True: pass\n" + FIRST.format(1))
    done = launch("check", "class", "--seconds=1")
    says = "01.ipynb   could not be checked: out of time after 1 s: a cell that does not end?"
    assert (done.stdout.splitlines()[1], done.returncode) == (says, 1)


def test_the_first_cell_of_every_notebook_that_has_workers_in_a_file_runs(launch, tmp_path):
    files = {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    expected = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        first = next(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        if any(f"from {name} import" in first for name in files):
            to_check(tmp_path / "class" / path.name, first)
            expected.append(path.name)
    assert len(expected) >= 2
    done = launch("check", "class")
    assert done.returncode == 0, done.stdout
    assert [line.split("   ")[0] for line in done.stdout.splitlines()[1:-1]] == expected
