import importlib
import itertools
import subprocess
import sys
import threading
from collections import Counter
from types import SimpleNamespace

import pytest

from luffy_lesson.classroom.page.source import count_lines
from luffy_lesson.host.steps import steps
from luffy_lesson.step1_sync import Worker, say

STEPS = [step.__name__.removeprefix("luffy_lesson.") for step in steps()]


class VeryHeavyService(Worker):
    def perform(self, seconds):
        say(f"This task loading {seconds} seconds")
        return seconds


def test_the_line_of_a_job_on_the_main_thread_has_no_label(capsys):
    VeryHeavyService().perform(5)
    VeryHeavyService.perform_now(3)
    assert capsys.readouterr().out == "This task loading 5 seconds\nThis task loading 3 seconds\n"


def test_the_line_of_a_job_elsewhere_is_labelled_with_the_name_of_its_thread(capsys):
    thread = threading.Thread(target=VeryHeavyService.perform_now, args=[5], name="Processor 3")
    thread.start()
    thread.join(10)
    assert capsys.readouterr().out == "[Processor 3] This task loading 5 seconds\n"


def test_perform_now_returns_what_perform_returns():
    assert VeryHeavyService.perform_now(5) == 5


def test_perform_now_has_ended_the_work_when_it_returns():
    done = []

    class Works(Worker):
        def perform(self):
            done.append(threading.current_thread())

    Works.perform_now()
    assert done == [threading.current_thread()]


def test_perform_now_makes_a_new_instance_for_each_call():
    instances = []

    class Remembers(Worker):
        def perform(self):
            instances.append(self)

    Remembers.perform_now()
    Remembers.perform_now()
    assert instances[0] is not instances[1]


def test_perform_now_raises_what_perform_raises():
    class Fails(Worker):
        def perform(self):
            raise OSError("no website")

    with pytest.raises(OSError, match="no website"):
        Fails.perform_now()


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_without_perform_is_told_to_write_one(step, registry):
    class Lazy(importlib.import_module(f"luffy_lesson.{step}").Worker):
        pass

    for perform in (Lazy().perform, Lazy.perform_now):
        with pytest.raises(NotImplementedError, match=r"Lazy .*`perform`.* write"):
            perform(5)


def test_say_prints_anything(capsys):
    say({"a": 1})
    say("")
    assert capsys.readouterr().out == "{'a': 1}\n\n"


def test_a_line_is_one_write(monkeypatch):
    """What two threads write at the same moment then has no way to run into each other."""
    written = []
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=written.append, flush=lambda: None))
    say("one")
    thread = threading.Thread(target=say, args=["two"], name="Processor 3")
    thread.start()
    thread.join()
    assert list(filter(None, written)) == ["one\n", "[Processor 3] two\n"]


TWENTY_THREADS = """
import sys, threading
from luffy_lesson.step1_sync import say

sys.setswitchinterval(1e-6)
everybody = threading.Barrier(20)

def talk():
    everybody.wait()
    for number in range(100):
        say(f"line {number}")

for number in range(20):
    threading.Thread(target=talk, name=f"Processor {number}").start()
"""


def test_the_lines_of_twenty_threads_do_not_run_into_each_other(environment):
    program = [sys.executable, "-c", TWENTY_THREADS]
    ran = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    assert Counter(ran.stdout.splitlines()) == Counter(
        f"[Processor {n}] line {number}" for n in range(20) for number in range(100)
    )


@pytest.mark.parametrize(("lower", "upper"), list(itertools.pairwise(STEPS)))
def test_every_step_exports_every_name_of_the_step_below(lower, upper):
    below, above = (importlib.import_module(f"luffy_lesson.{step}") for step in (lower, upper))
    assert set(below.__all__) <= set(above.__all__)
    assert set(above.__all__) <= set(dir(above))


def test_lines_of_code_are_counted_without_docstrings_comments_and_blank_lines():
    source = (
        '"""Doc."""\n\nA = 1  # one\n# no\n\n\ndef f():\n    """Doc,\n\n    more."""\n    return """two\nlines"""\n'
    )
    assert count_lines(source) == 4


IMPORTS = """
import importlib, sys
for step in sys.argv[1:]:
    importlib.import_module(f"luffy_lesson.{step}")
    print(*[name.split(".")[1] for name in sys.modules if name.startswith("luffy_lesson.")])
"""


def test_a_step_imports_of_the_package_only_the_steps_below_and_from_step_4_on_its_client_of_redis(environment):
    program = [sys.executable, "-c", IMPORTS, *STEPS]
    imported = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    expected = [{*["redis_client"] * (count >= 3), *STEPS[: count + 1]} for count in range(len(STEPS))]
    assert [set(line.split()) for line in imported.stdout.splitlines()] == expected
