"""A job that forks: the child has a copy of the processor that performs it, and is to leave the parent's jobs alone."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import importlib, os, sys, time

name, way, *queues = sys.argv[1:]
system = importlib.import_module(f"luffy_lesson.{name}")

class Forks(system.Worker):
    def perform(self, number):
        pid = os.fork()
        if pid == 0:
            if way == "uses":
                backend.sizes()
                Note.perform_queue("among")
                os._exit(0)
            if way == "exits":
                sys.exit("in the child")
            raise RuntimeError("in the child")
        deadline = time.monotonic() + 5
        while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
        sizes = backend.sizes()
        mine = [job for job in backend.in_flight() if job.decode().args == (number,)]
        say("fork", ended[1] if ended[0] else "hangs", len(mine), sizes.get("retrying", 0), sizes["dead"])

class Note(system.Worker):
    def perform(self, word):
        say(word, "parent" if os.getpid() == parent else "child")

class Backend(system.RedisBackend):
    beat_every, gone_after = 0.1, 5.0

def say(*words):
    os.write(1, f"{' '.join(map(str, words))}\\n".encode())

parent = os.getpid()
system.Luffy.backend = backend = Backend(**({"queues": queues} if queues else {}))
for number in range(3):
    Forks.perform_queue(number)
    for _ in range(4):
        Note.perform_queue("among")
pool = system.Processor.start(3)
backend.join()
pool.stop(timeout=10)
say("in flight", backend.sizes()["in flight"])
"""


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("step5_reliable_queue", "raises"),
        ("step7_retries", "raises"),
        ("step8_fast_queue", "raises"),
        ("step9_queues", "exits"),
        ("step9_queues", "raises high default low"),
        ("step9_queues", "uses high default low"),
        ("step10_process", "raises"),
        ("step10_process", "uses"),
    ],
)
def test_a_forked_child_takes_none_of_its_parents_jobs_and_acknowledges_none(name, way, redis_url, environment):
    command = [sys.executable, "-c", PROGRAM, name, *way.split()]
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True, start_new_session=True) as parent:
        try:
            out, errors = parent.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)  # a child that works on, too
    lines = out.splitlines()
    assert [line for line in lines if line.startswith("fork")] == ["fork 0 1 0 0"] * 3, errors
    assert lines.count("among parent") == 12 + 3 * way.startswith("uses")
    assert lines.count("among child") == 0
    assert lines[-1] == "in flight 0"
    assert parent.returncode == 0


BUSY = """
import importlib, os, sys, threading, time

system = importlib.import_module(f"luffy_lesson.{sys.argv[1]}")
system.Luffy.backend = backend = system.RedisBackend()
stopping = threading.Event()
sys.setswitchinterval(1e-6)  # so that a fork often comes while another thread is within the client

class Note(system.Worker):
    def perform(self):
        pass

def use():
    while not stopping.is_set():
        Note.perform_queue()

def ends(pid):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return True
        time.sleep(0.001)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return False

pool = system.Processor.start(2)
callers = [threading.Thread(target=use) for _ in range(2)]
for caller in callers:
    caller.start()
ended = True
for number in range(100):
    pid = os.fork()
    if pid == 0:
        Note.perform_queue()
        backend.qsize()
        os._exit(0)
    if not ends(pid):
        ended = False
        break
stopping.set()
for caller in callers:
    caller.join()
pool.stop(timeout=30)
print("all ended" if ended else f"number {number} hung")
"""


@pytest.mark.parametrize("name", ["step4_redis_queue", "step10_process"])
def test_a_forked_process_can_use_its_backend_whatever_other_threads_did_at_the_fork(name, redis_url, environment):
    command = [sys.executable, "-c", BUSY, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.stdout == "all ended\n", done.stderr
