"""Run the notebooks, each from the top in a fresh kernel, and store them with what they print."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from luffy_lesson.host.redis_server import ENDS_WITH, RedisServer
from luffy_lesson.launcher.kernel import ThisPython, by_files

SANITIZE = Path(__file__).with_name("sanitize.cfg")
STRIP = "**You are here:** "
WIDGET = "application/vnd.jupyter.widget-view+json"


def store(notebooks: list[str], redraw: bool = False) -> int:
    """Run notebooks and store them. Outputs that differ only in what validation overlooks stay as they were.

    Args:
        notebooks: their paths.
        redraw: whether to store their pictures anew as well.

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
        os.environ |= {"LUFFY_HOME": home, ENDS_WITH: str(os.getpid())}
        try:
            for path in paths:
                print(path.name, flush=True)
                _store(path, redraw)
        except CellExecutionError as error:
            print(error)
            return 1
        finally:
            RedisServer().stop()
    return 0


def strip(path: Path) -> str:
    """Return the line that says where a notebook is in the course, with links to the others.

    Args:
        path: the notebook.
    """
    places = []
    for other in sorted(path.parent.glob("[0-9]*.ipynb")):
        title = nbformat.read(other, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
        name = title if title[0].isdigit() else "Start"
        places.append(f"**{name}**" if other.name == path.name else f"[{name}]({other.name})")
    return STRIP + " → ".join(places)


def _store(path: Path, redraw: bool) -> None:
    notebook = nbformat.read(path, as_version=4)
    head = notebook.cells[0]
    head.source = re.sub(f"^{re.escape(STRIP)}.*", lambda _: strip(path), head.source, flags=re.MULTILINE)
    before = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
        coalesce_streams=True,
    )
    by_files(client.create_kernel_manager(), os.environ["LUFFY_HOME"]).kernel_spec_manager = ThisPython()
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_kept(output) for output in cell.outputs]
            if _sanitized(cell.outputs, redraw) == _sanitized(before[cell.id], redraw):
                cell.outputs = before[cell.id]
    nbformat.write(notebook, path)


def _kept(output: Any) -> Any:
    """Return an output without what is of this run only: the server's port, a process, and a widget's number.

    Whoever opens the notebook has no such widget; without its number, the text that stands for it is shown.
    """
    if isinstance(output, dict):
        return nbformat.from_dict({key: _kept(value) for key, value in output.items() if key != WIDGET})
    if not isinstance(output, str):
        return output
    output = re.sub(r"(<span data-process data-run>)[^<]*", r"\1…", output)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", output)


def _sanitized(outputs: list[Any], pictures: bool) -> str:
    text = nbformat.v4.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(id="x", outputs=outputs)]))
    for pattern, replacement in re.findall("^regex: (.*)\nreplace: (.*)$", SANITIZE.read_text(), re.MULTILINE):
        text = re.sub(pattern, replacement, text)
    overlooked = r'"execution_count": \d+' if pictures else r'"execution_count": \d+|"image/png": ".*?"'
    return str(re.sub(overlooked, "", text))
