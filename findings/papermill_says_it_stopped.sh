#!/usr/bin/env bash
# papermill 2.7.0, nbclient 0.11.0, ipykernel 7.4.0.
#
# Guess: a cell tagged raises-exception may raise: the notebook runs to its end and counts as done, as with nbclient,
# with which papermill executes it. Or papermill ignores the tag and stops there.
# Behaviour: neither. All cells run, and then the run counts as failed: papermill returns 1 and writes above the cell
# that the execution stopped here, with the outputs of the cells that ran afterwards below it.
#
# Output seen:
#   nbclient: ['ZeroDivisionError', 'after'], no error raised
#   papermill: ['ZeroDivisionError', 'after'], returned 1
#   its note: encountered an exception here and stopped
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet papermill==2.7.0 nbclient==0.11.0 ipykernel==7.4.0
cd "$folder"
export JUPYTER_PATH="$folder/venv/share/jupyter" JUPYTER_DATA_DIR="$folder/data" IPYTHONDIR="$folder/ipython"
"$folder/venv/bin/python" - <<'PYTHON'
import subprocess
import sys

import nbclient
import nbformat

notebook = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
        nbformat.v4.new_code_cell("print('after')"),
    ],
    metadata={
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    },
)
nbformat.write(notebook, "in.ipynb")


def shown(executed):
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    return [(output.get("ename") or output.get("text")).strip() for output in outputs]


nbclient.NotebookClient(notebook, timeout=40).execute()
print(f"nbclient: {shown(notebook)}, no error raised")
command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb"]
returned = subprocess.run(command, stderr=subprocess.DEVNULL).returncode
executed = nbformat.read("out.ipynb", as_version=4)
print(f"papermill: {shown(executed)}, returned {returned}")
note = "encountered an exception here and stopped"
stopped = any(note in cell.source for cell in executed.cells)
print("its note:", note if stopped else "none")
assert shown(notebook) == shown(executed) == ["ZeroDivisionError", "after"]
assert returned == 1, returned
assert stopped
PYTHON
