#!/usr/bin/env bash
# nbconvert 7.17.2, nbclient 0.11.0, jupyter_client 8.10.0, ipykernel 7.4.0.
#
# Guess: when the last cell is done, the kernel ends as Python does: it waits for threads, then runs what was registered
# with atexit. nbclient calls this shutdown graceful, and says that it leaves time for such hooks.
# Behaviour: the kernel is killed a few seconds after the last cell. Threads' jobs are cut off, no hook is run, although
# one that had no thread to wait for would be. nbconvert says nothing of it and returns 0.
#
# Output seen:
#   hook alone: returned 0, hook ran: True
#   hook and a thread of 12 s: returned 0, thread ended: False, hook ran: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet \
    nbconvert==7.17.2 nbclient==0.11.0 jupyter_client==8.10.0 ipykernel==7.4.0
cd "$folder"
export JUPYTER_PATH="$folder/venv/share/jupyter" JUPYTER_DATA_DIR="$folder/data" IPYTHONDIR="$folder/ipython"
"$folder/venv/bin/python" - <<'PYTHON'
import pathlib
import subprocess
import sys
import time

import nbformat

HOOK = """\
import atexit, pathlib, threading, time
atexit.register(pathlib.Path("hook ran").touch)
"""
THREAD = """\
def job():
    time.sleep(12)
    pathlib.Path("thread ended").touch()
threading.Thread(target=job).start()
"""


def convert(name, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, f"{name}.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "markdown", f"{name}.ipynb"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode


hook, ended = pathlib.Path("hook ran"), pathlib.Path("thread ended")
returned = convert("alone", HOOK)
print(f"hook alone: returned {returned}, hook ran: {hook.exists()}")
assert (returned, hook.exists()) == (0, True)
hook.unlink()

returned = convert("both", HOOK, THREAD)
time.sleep(13)
print(f"hook and a thread of 12 s: returned {returned}, thread ended: {ended.exists()}, hook ran: {hook.exists()}")
assert (returned, ended.exists(), hook.exists()) == (0, False, False)
PYTHON
