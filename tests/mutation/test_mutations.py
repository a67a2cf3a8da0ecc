"""Break the package in many ways, one at a time: the notebooks and tests must notice each.

Each mutation is made in a copy of the checkout. What must notice it is named with it, so that this takes minutes, not
hours; that the unbroken copy passes the same tests is checked too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.mutation, pytest.mark.timeout(400)]


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    noticed_by: str


MUTATIONS = [
    Mutation(
        "perform_now returns before the work: it does not call perform",
        "step1_sync.py",
        "return cls().perform(*args)",
        "return None",
        "notebooks/01_sync.ipynb",
    ),
    Mutation(
        "a line is written in two pieces",
        "step1_sync.py",
        r'print(f"{label}{line}\n", end="", flush=True)',
        'print(f"{label}", end="", flush=True); print(f"{line}", flush=True)',
        "tests/test_step1_sync.py",
    ),
    Mutation(
        "a line has no label",
        "step1_sync.py",
        'f"[{thread.name}] "',
        '""',
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "perform_async waits for the work",
        "step2_threaded.py",
        "thread.start()",
        "thread.start(); thread.join()",
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "Processor.start starts one thread",
        "step3_memory_queue.py",
        "for number in range(count)]",
        "for number in range(1)]",
        "notebooks/03_memory_queue.ipynb",
    ),
    Mutation(
        "a processor ends at the first job that raises",
        "step3_memory_queue.py",
        "self.failed(job, error)",
        "self.failed(job, error); return",
        "notebooks/03_memory_queue.ipynb",
    ),
    Mutation(
        "a processor never acknowledges",
        "step3_memory_queue.py",
        "self.consumer.task_done()",
        "pass",
        "tests/test_step3_memory_queue.py",
    ),
    Mutation(
        "an error is swallowed in silence",
        "step3_memory_queue.py",
        'logger.error("%s failed", job, exc_info=error)',
        "pass",
        "notebooks/03_memory_queue.ipynb",
    ),
    Mutation(
        "stop does not wait for the job in hand",
        "step3_memory_queue.py",
        "thread.join(None if deadline is None else max(0, deadline - time.monotonic()))",
        "pass",
        "tests/test_step3_memory_queue.py",
    ),
    Mutation(
        "starting again leaves the earlier processors running",
        "step3_memory_queue.py",
        "Processor.pool.stop(timeout=30)",
        "pass",
        "tests/test_step3_memory_queue.py",
    ),
    Mutation(
        "processors keep a script from ending",
        "step3_memory_queue.py",
        "self.stopping.is_set() or not threading.main_thread().is_alive()",
        "self.stopping.is_set()",
        "tests/test_step3_memory_queue.py",
    ),
    Mutation(
        "jobs are added and taken at the same end",
        "step4_redis_queue.py",
        "self.redis.lpush(",
        "self.redis.rpush(",
        "tests/test_backend_contract.py",
    ),
    Mutation(
        "qsize is always 0",
        "step4_redis_queue.py",
        "return int(self.redis.llen(self.key))",
        "return 0",
        "notebooks/04_redis_queue.ipynb",
    ),
    Mutation(
        "put does not say how many wait",
        "step4_redis_queue.py",
        "return int(self.redis.lpush(self.key, payload))",
        "self.redis.lpush(self.key, payload); return 1",
        "notebooks/04_redis_queue.ipynb",
    ),
    Mutation(
        "the client repeats a command whose reply was lost",
        "redis_client.py",
        "Retry(NoBackoff(), 0)",
        "Retry(NoBackoff(), 3)",
        "tests/test_step4_redis_queue.py",
    ),
    Mutation(
        "any class of the program can be named on the wire",
        "step4_redis_queue.py",
        'if not cls.__module__.startswith("luffy_lesson.step"):',
        "if True:",
        "tests/test_step4_redis_queue.py",
    ),
    Mutation(
        "a worker's namesake takes over in silence",
        "step4_redis_queue.py",
        "if new != old:",
        "if False:",
        "tests/test_step4_redis_queue.py",
    ),
    Mutation(
        "a processor ends when its server is away",
        "step4_redis_queue.py",
        "self.stopping.wait(1)",
        "return",
        "tests/test_step4_redis_queue.py",
    ),
    Mutation(
        "a job is nested as deep as this Python reads",
        "step4_redis_queue.py",
        "default=0) > DEEPEST:",
        "default=0) > 10**9:",
        "tests/test_backend_contract.py",
    ),
    Mutation(
        "a quote in a string ends it",
        "step4_redis_queue.py",
        """.replace(r"\\"", "")""",
        "",
        "tests/test_backend_contract.py",
    ),
    Mutation(
        "a job that was taken is expected no more before it is told to be in hand",
        "classroom/watch/hooks.py",
        "        with backlog.lock:  # what is expected no more is told to be in hand\n"
        "            since = backlog.taken(job) if from_queue else None\n",
        "        since = backlog.taken(job) if from_queue else None\n        with backlog.lock:\n",
        "tests/classroom/watch/test_hooks.py",
    ),
    Mutation(
        "a board that is left with jobs waiting does not come to rest",
        "classroom/watch/board.py",
        "if self._left and self._all_done(waiting):",
        "if False:",
        "tests/classroom/watch/test_board.py",
    ),
    Mutation(
        "what a learner writes is HTML on the board",
        "classroom/watch/board_html.py",
        'text = f"{escape(_cut(job.job))} {spent:.1f} s"',
        'text = f"{_cut(job.job)} {spent:.1f} s"',
        "tests/classroom/watch/test_board_html.py",
    ),
    Mutation(
        "a prediction that was compared leaves its widget in the notebook",
        "classroom/page/predict.py",
        "        self.keep()\n",
        "",
        "tests/classroom/page/test_predict.py",
    ),
    Mutation(
        "a drawing that fails ends the board",
        "classroom/watch/board.py",
        "            except Exception:  # of the way",
        "            except ZeroDivisionError:  # of the way",
        "tests/classroom/watch/test_board.py",
    ),
    Mutation(
        "the website does not refuse",
        "classroom/experiments/website.py",
        "if self._now == self.at_once:",
        "if False:",
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "a job is popped, not moved",
        "step5_reliable_queue.py",
        'self.redis.blmove(self.key, to, seconds, "RIGHT", "LEFT")',
        "(self.redis.brpop([self.key], seconds) or [None, None])[1]",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "a list is used before it has a heartbeat",
        "step5_reliable_queue.py",
        "self.backend.beat(self)",
        "pass",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "jobs are put back of those whose heartbeats have not stopped",
        "step5_reliable_queue.py",
        "now = self.now()\n        for in_flight in",
        "now = self.now() + 1000\n        for in_flight in",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "a job is put back although its owner beats again in the meantime",
        "step5_reliable_queue.py",
        "if heartbeat > tonumber(ARGV[1]) or not",
        "if not",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "the list of one that is gone is forgotten at once",
        "step5_reliable_queue.py",
        "now - WEEK)",
        "now)",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "task_done removes nothing",
        "step5_reliable_queue.py",
        "if not self.backend.redis.lrem(self.key, -1, payload):",
        "if False:",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "a job that takes its processor with it is put back for ever",
        "step5_reliable_queue.py",
        "crashes >= self.most_crashes",
        "False",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "what came after its reply was lost waits for the heartbeat to stop",
        "step5_reliable_queue.py",
        "while self.backend.give_back(self.key, 100, *ends) == 100:",
        "while False:",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "a keeper ends when its server is away",
        "step5_reliable_queue.py",
        'logger.warning("%r: %s (trying again in %g s)", self.backend, str(error) or repr(error), every)',
        "return",
        "tests/test_step5_reliable_queue.py",
    ),
    Mutation(
        "a job is moved a second early",
        "step6_schedule.py",
        "now[1] + now[2] / 1e6",
        "now[1] + 1 + now[2] / 1e6",
        "tests/test_step6_schedule.py",
    ),
    Mutation(
        "the clock of a machine says when a job is due",
        "step6_schedule.py",
        "backend.now() + seconds)",
        "__import__('time').time() + seconds)",
        "tests/test_step6_schedule.py",
    ),
    Mutation(
        "a time without a time zone is taken for one",
        "step6_schedule.py",
        "if when.utcoffset() is None:",
        "if False:",
        "tests/test_step6_schedule.py",
    ),
    Mutation(
        "a job that is in this list no more is tried again",
        "step5_reliable_queue.py",
        " or not redis.call('LPOS', KEYS[2], ARGV[2])",
        "",
        "tests/test_step7_retries.py",
    ),
    Mutation(
        "tries are not counted",
        "step7_retries.py",
        "self.judge(message.payload, worker, failure(error, tries))",
        "self.judge(message.payload, worker, failure(error, 1))",
        "tests/test_step7_retries.py",
    ),
    Mutation(
        "the dead become more and more",
        "step7_retries.py",
        "both.zremrangebyrank(self.dead_set, 0, -self.most_dead - 1)",
        "pass",
        "tests/test_step7_retries.py",
    ),
    Mutation(
        "what makes no sense is not kept as it was",
        "step7_retries.py",
        'payload.decode("utf-8", "surrogateescape")',
        'payload.decode("utf-8", "replace")',
        "tests/test_hostile_payloads.py",
    ),
    Mutation(
        "a dead job is sent back twice",
        "step7_retries.py",
        "if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end",
        "",
        "tests/test_model.py",
    ),
    Mutation(
        "a list is trusted after a reply was lost",
        "step5_reliable_queue.py",
        "            self.unsure = True\n            self.to_blame",
        "            self.to_blame",
        "tests/test_model.py",
    ),
    Mutation(
        "a batch is not given back",
        "step8_fast_queue.py",
        "                processor.consumer.tidy()\n",
        "                pass\n",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "a job that was left behind comes with others",
        "step8_fast_queue.py",
        "if string.find(portion[i], '\"crashes\"', 1, true) then most = 1 end",
        "",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "what was given back comes in another order",
        "step8_fast_queue.py",
        'in_flight, count, "LEFT", "RIGHT", length)',
        'in_flight, count, "LEFT", "LEFT", length)',
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "newer jobs are taken while a batch goes back",
        "step8_fast_queue.py",
        "        with self.lock:\n            self.acknowledge()\n            if self.since",
        "        if True:\n            self.acknowledge()\n            if self.since",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "the way to the server counts as time of the job",
        "step8_fast_queue.py",
        "self.since += time.monotonic() - begin",
        "pass",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "it is acknowledged by count although the list is another",
        "step8_fast_queue.py",
        "if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return false end",
        "",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "it is acknowledged by count after a fetch whose reply was lost",
        "step5_reliable_queue.py",
        "            self.unsure = True\n            self.to_blame",
        "            self.to_blame",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "of equal jobs one that is not begun is moved",
        "step5_reliable_queue.py",
        "return redis.call('LREM', KEYS[2], -1, ARGV[2])",
        "return redis.call('LREM', KEYS[2], 1, ARGV[2])",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "what goes back without an answer is forgotten",
        "step8_fast_queue.py",
        "            if begun[payload] < 0:",
        "            if False:",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "a batch is given back only at the end",
        "step8_fast_queue.py",
        "began = time.monotonic() - 10 * self.batch_lasts",
        "began = -math.inf",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "a push in which others travelled has one length for all",
        "step8_fast_queue.py",
        "return self.length - len(self.payloads) + 1 + place",
        "return self.length",
        "tests/test_step8_fast_queue.py",
    ),
    Mutation(
        "what is large and exact is read as a float",
        "step8_fast_queue.py",
        'if read(step4_redis_queue.shallow(payload))["args"] != list(job.args):',
        "if False:",
        "tests/test_step8_fast_queue.py",
    ),
]


def noticed(package: Path, by: str) -> str:
    """Run what should notice. Return the end of what pytest printed when it failed, nothing when all passed."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.fast_import",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--numprocesses=0",
            by,
        ],
        cwd=package,
        env=os.environ | {"PYTHONPATH": str(package)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert result.returncode in (0, 1), result.stdout  # anything else is no failed test
    return result.stdout[-2000:] if result.returncode else ""


@pytest.fixture
def checkout(tmp_path):
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "*.egg-info", "__pycache__", ".*_cache"))
    for path in (copy / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        # A cell that shows the source notices any change of it. What the code does must be noticed without those.
        notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(("show(", "adds("))]
        nbformat.write(notebook, path)
    return copy


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_package_is_noticed(checkout, mutation):
    file = checkout / "luffy_lesson" / mutation.file
    source = file.read_text()
    assert source.count(mutation.old) == 1, "this mutation no longer applies: write it anew"
    file.write_text(source.replace(mutation.old, mutation.new))
    assert noticed(checkout, mutation.noticed_by)


@pytest.mark.parametrize("by", sorted({mutation.noticed_by for mutation in MUTATIONS}))
def test_the_unbroken_package_passes_the_same(checkout, by):
    assert not noticed(checkout, by)
