#!/usr/bin/env bash
# nbclient 0.11.0, ipykernel 7.4.0.
#
# Guess: what a worker prints while a cell runs is part of the executed notebook, whether the worker is a thread or an
# asyncio task: below the cell that runs, or below the one that started it.
# Behaviour: a thread prints below the cell that runs. A task's lines are sent for the cell that made the task, and
# nbclient drops what is sent for a cell that is done: no cell has them, and nothing says so.
#
# Output seen:
#   thread: ['', 'did job 1']
#   task: ['', '']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet nbclient==0.11.0 ipykernel==7.4.0
cd "$folder"
export JUPYTER_PATH="$folder/venv/share/jupyter" JUPYTER_DATA_DIR="$folder/data" IPYTHONDIR="$folder/ipython"
"$folder/venv/bin/python" - <<'PYTHON'
import nbclient
import nbformat

THREAD = """\
import queue, threading
jobs = queue.Queue()
def work():
    print("did", jobs.get())
    jobs.task_done()
threading.Thread(target=work).start()
"""
TASK = """\
import asyncio
jobs = asyncio.Queue()
async def work():
    print("did", await jobs.get())
    jobs.task_done()
worker = asyncio.create_task(work())
"""


def printed(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=40).execute()
    return ["".join(output.get("text", "") for output in cell.outputs).strip() for cell in notebook.cells]


thread = printed(THREAD, "jobs.put('job 1'); jobs.join()")
print("thread:", thread)
task = printed(TASK, "jobs.put_nowait('job 1'); await jobs.join(); await worker")
print("task:", task)
assert thread == ["", "did job 1"], thread
assert task == ["", ""], task
PYTHON
