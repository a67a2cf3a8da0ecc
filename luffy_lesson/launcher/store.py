"""Run the notebooks, each from the top in a fresh kernel, and store them with what they print."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from luffy_lesson.launcher.environment import ROOT
from luffy_lesson.redis_server import RedisServer

SANITIZE = ROOT / "tests/notebooks/sanitize.cfg"


def store(notebooks: list[str]) -> int:
    """Run notebooks and store them. Outputs that differ only in what validation overlooks stay as they were.

    Args:
        notebooks: their paths.

    Returns:
        0, or 1 when a notebook is missing or a cell has failed; that notebook is not stored.
    """
    paths = [Path(notebook) for notebook in notebooks]
    for path in paths:
        if not path.is_file():
            print(f"There is no notebook {path}.")
            return 1
    os.environ.pop("REDIS_URL", None)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LUFFY_HOME"] = home
        try:
            for path in paths:
                print(path.name, flush=True)
                _store(path)
        except CellExecutionError as error:
            print(error)
            return 1
        finally:
            RedisServer().stop()
    return 0


def _store(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    before = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_without_port(output) for output in cell.outputs]
            if _sanitized(cell.outputs) == _sanitized(before[cell.id]):
                cell.outputs = before[cell.id]
    nbformat.write(notebook, path)


def _without_port(output: Any) -> Any:
    if isinstance(output, dict):
        return nbformat.from_dict({key: _without_port(value) for key, value in output.items()})
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", output) if isinstance(output, str) else output


def _sanitized(outputs: list[Any]) -> str:
    text = nbformat.v4.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(id="x", outputs=outputs)]))
    for pattern, replacement in re.findall("^regex: (.*)\nreplace: (.*)$", SANITIZE.read_text(), re.MULTILINE):
        text = re.sub(pattern, replacement, text)
    return str(re.sub(r'"execution_count": \d+', "", text))
