"""The programs with which people run notebooks without a page: each runs them, and they print what is stored."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns

ROOT = Path(__file__).parents[2]
PATTERNS = get_sanitize_patterns((ROOT / "luffy_lesson/launcher/sanitize.cfg").read_text())
COMMANDS = {
    "execute": ["jupyter", "execute", "{}.ipynb", "--output=done"],
    "nbconvert": ["jupyter", "nbconvert", "--execute", "--to=notebook", "--output=done", "{}.ipynb"],
    "papermill": ["papermill", "--kernel=python3", "{}.ipynb", "done.ipynb"],
}
TWO = ["03_memory_queue", "05_reliable_queue"]  # jobs of this process, and of another
RUNS = [
    *[(command, name) for command in ("nbconvert", "papermill") for name in TWO],
    *[
        ("execute", path.stem) for path in sorted((ROOT / "notebooks").glob("*.ipynb"), reverse=True)
    ],  # these take longer
]

pytestmark = pytest.mark.executors


def printed(path: Path) -> list[str]:
    """What each cell has printed, without what may differ, and its errors."""
    cells = []
    for cell in nbformat.read(path, as_version=4).cells:
        outputs = [each for each in cell.get("outputs", []) if each.output_type in ("stream", "error")]
        text = "".join(each.get("text", str(each)) for each in outputs)
        for pattern, replacement in PATTERNS:
            text = re.sub(pattern, replacement, text)
        cells.append(text)
    return cells


@pytest.mark.parametrize(("command", "name"), RUNS)
def test_a_notebook_prints_what_is_stored(command, name, environment, tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    done = subprocess.run(
        [sys.executable, "-m", *[word.format(name) for word in COMMANDS[command]]],
        cwd=tmp_path / "notebooks",
        env=environment | {"JUPYTER_PREFER_ENV_PATH": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    assert printed(tmp_path / "notebooks/done.ipynb") == printed(ROOT / f"notebooks/{name}.ipynb")
