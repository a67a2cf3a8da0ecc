#!/usr/bin/env bash
# Celery 5.7.0, Kombu 5.7.0, RabbitMQ 3.10.8 (Debian 12's rabbitmq-server, which has to be installed).
#
# Guess: a countdown is a number of seconds, and may be 0.5, on any queue.
# Behaviour: on a classic queue it may. Where a queue is a quorum queue, `apply_async(countdown=0.5)` raises ValueError,
# "countdown must be a positive number": Celery takes the whole part of it, which is 0. In a task, `self.retry` raises
# the same, so that a job with retries left has failed for good after its first try.
#
# Output seen:
#   classic, apply_async(countdown=0.5): put
#   classic, retry(countdown=0.5): tried 2 times
#   quorum, apply_async(countdown=0.5): ValueError: countdown must be a positive number
#   quorum, retry(countdown=0.5): tried 1 times
#   quorum, retry(countdown=1): tried 2 times
set -euo pipefail
command -v rabbitmq-server >/dev/null || { echo "This needs rabbitmq-server: apt-get install rabbitmq-server"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet celery==5.7.0 kombu==5.7.0 packaging
cd "$folder"
cat >work.py <<'PYTHON'
import os

from celery import Celery
from kombu import Exchange, Queue

kind = os.environ["KIND"]
app = Celery("work", broker=os.environ["BROKER"])
app.conf.update(
    task_ignore_result=True,
    task_default_queue=kind,
    task_queues=[Queue(kind, Exchange(kind, "topic"), routing_key=kind, queue_arguments={"x-queue-type": kind})],
)


def tried(name):
    with open(name, "a") as file:
        print("tried", file=file)


@app.task(bind=True, max_retries=1)
def fails(self, countdown, name):
    tried(name)
    raise self.retry(countdown=countdown)


@app.task
def last(name):
    tried(name)
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

folder = os.getcwd()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def until(what):
    limit = time.monotonic() + 60
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


port, distribution, names = free_port(), free_port(), free_port()
pathlib.Path("rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n")
pathlib.Path("plugins").write_text("[].")
own = {
    "HOME": folder,
    "RABBITMQ_NODENAME": f"finding{port}@localhost",
    "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
    "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
    "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
    "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
    "RABBITMQ_LOG_BASE": folder,
    "RABBITMQ_PID_FILE": f"{folder}/pid",
    "RABBITMQ_DIST_PORT": str(distribution),
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    "ERL_EPMD_PORT": str(names),
    "ERL_EPMD_ADDRESS": "127.0.0.1",
}
# Debian's command of this name starts the system's own, as another user.
command = next(filter(os.path.exists, ["/usr/lib/rabbitmq/bin/rabbitmq-server"]), "rabbitmq-server")
environment = os.environ | own | {"BROKER": f"amqp://guest:guest@127.0.0.1:{port}"}
groups = []


def start(*command, **options):
    groups.append(subprocess.Popen(command, start_new_session=True, text=True, **options))
    return groups[-1]


def put(kind, task, *arguments, **options):
    code = f"import work; work.{task}.apply_async({arguments!r}, **{options!r})"
    done = subprocess.run([sys.executable, "-c", code], env=environment | {"KIND": kind}, capture_output=True, text=True)
    return done.stderr.strip().splitlines()[-1] if done.returncode else "put"


def tries(kind, countdown):
    name = f"{kind}-{countdown}"
    assert put(kind, "fails", countdown, name) == "put"
    until(lambda: os.path.exists(name))
    put(kind, "last", f"{name}-last", countdown=4)  # by then the second try, if there is one, has been made
    until(lambda: os.path.exists(f"{name}-last"))
    return len(pathlib.Path(name).read_text().splitlines())


try:
    server = start("sh", "-c", 'epmd & exec "$0"', command, env=environment, stdout=subprocess.PIPE)
    next(line for line in server.stdout if "startup complete" in line)
    for kind in ("classic", "quorum"):
        options = ["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--loglevel=critical"]
        start(
            sys.executable, "-m", "celery", "-q", "-A", "work", *options, f"--hostname={kind}@%h",
            env=environment | {"KIND": kind}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    put("quorum", "last", "ready")
    until(lambda: os.path.exists("ready"))

    said = {kind: put(kind, "last", f"{kind}-half", countdown=0.5) for kind in ("classic", "quorum")}
    again = {(kind, wait): tries(kind, wait) for kind, wait in [("classic", 0.5), ("quorum", 0.5), ("quorum", 1)]}
    for kind in ("classic", "quorum"):
        print(f"{kind}, apply_async(countdown=0.5): {said[kind]}")
        for (of, wait), times in again.items():
            if of == kind:
                print(f"{kind}, retry(countdown={wait}): tried {times} times")
    assert said == {"classic": "put", "quorum": "ValueError: countdown must be a positive number"}
    assert again == {("classic", 0.5): 2, ("quorum", 0.5): 1, ("quorum", 1): 2}
finally:
    for process in groups:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
PYTHON
