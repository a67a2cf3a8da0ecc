#!/usr/bin/env bash
# ipykernel 7.4.0, jupyter_client 8.10.0.
#
# Guess: each cell that a client sends gets a reply, also one that is interrupted: then the reply says KeyboardInterrupt.
# Behaviour: when the interrupt comes while the kernel handles the request, but not while the cell's code runs (it has
# just ended, say), the kernel logs "KeyboardInterrupt caught in kernel." and sends no reply to that cell at all. It goes
# on with the next one. Who waits for the reply, as nbclient does, waits until a timeout of its own.
#
# Output seen:
#   without a reply: True
#   the next cell: ok
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet ipykernel==7.4.0 jupyter_client==8.10.0
cd "$folder"
export JUPYTER_PATH="$folder/venv/share/jupyter" JUPYTER_DATA_DIR="$folder/data" IPYTHONDIR="$folder/ipython"
"$folder/venv/bin/python" - <<'PYTHON'
import queue
import random
import time

from jupyter_client.manager import KernelManager

TRIES = 300


def status(client, sent):
    """Return how the reply to a cell says that it ended, or None when there is no reply."""
    try:
        while True:
            reply = client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == sent:
                return reply["content"]["status"]
    except queue.Empty:
        return None


manager = KernelManager()
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(60)
    found = "ok"
    for _ in range(TRIES):
        sent = client.execute("pass")
        time.sleep(random.uniform(0, 0.012))
        manager.interrupt_kernel()
        found = status(client, sent)
        if found is None:
            break
    after = status(client, client.execute("pass"))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print("without a reply:", found is None)
print("the next cell:", after)
assert found is None
assert after == "ok"
PYTHON
