"""How nbval compares the notebooks."""

import os
import re
import subprocess
import sys

import nbformat
from fast_import import PYTHONPATH
from nbformat.v4 import new_code_cell, new_notebook, new_output


def test_an_output_counts_as_what_it_was_updated_to(tmp_path):
    """As every front end shows it; nbval by itself compares what was displayed first."""
    source = "display({'text/plain': 'first'}, raw=True, display_id='x').update({'text/plain': 'second'}, raw=True)"
    for name in ("first", "second"):
        output = new_output("display_data", {"text/plain": name})
        cell = new_code_cell(source, execution_count=1, outputs=[output])
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conftest",
        "-c",
        os.devnull,
        "--nbval",
        "--nbval-current-env",
        "-rA",
    ]
    done = subprocess.run(
        [*command, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert sorted(re.findall(r"^(PASSED|FAILED) .*?(\w+)\.ipynb", done.stdout, re.MULTILINE)) == [
        ("FAILED", "first"),
        ("PASSED", "second"),
    ]
