"""Whatever a learner's code does in a check: it is told in a sentence, soon, and nothing is left of it."""

import os
import re
import signal
import sys
import textwrap
import threading
import time

import psutil
import pytest
from real_kernel import Kernel

from luffy_lesson.classroom import check
from luffy_lesson.classroom.check import sandbox
from luffy_lesson.classroom.check.sandbox import ENDS, Outcome, Saw, attempt
from luffy_lesson.classroom.watch.backlog import backlog

pytestmark = pytest.mark.answers

STEP = "the call returns"

SET_UP = """\
import os, queue, sys, threading, time
from luffy_lesson.classroom import check, lesson, watch
from luffy_lesson.step1_sync import say
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker

class Wait(Worker):
    go = threading.Event()

    def perform(self, *args):
        assert Wait.go.wait(60)

class Quick(Worker):
    def perform(self, *args):
        time.sleep(0.001)

class Chat(Worker):
    over = threading.Event()

    def perform(self):
        while not self.over.wait(0.02):
            say("chat")
            Quick.perform_queue(1)

class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        return cls().perform(*args)

class Loops(Worker):
    @classmethod
    def perform_now(cls, *args):
        while True:
            pass

class Swallows(Worker):
    @classmethod
    def perform_now(cls, *args):
        while True:
            try:
                sum(range(1000))
            except BaseException:
                pass

Luffy.backend = queue.Queue()
"""


def calls(answer):
    """Call the answer, and tell what it returns."""
    yield STEP
    yield Saw(answer())


def in_two_steps(answer):
    yield "the first"
    yield "the second"
    answer()


def written(body):
    """A function as a learner has it in a cell of a notebook: its second line is line 2 of the cell."""
    scope = {"__name__": "__main__"}
    source = "def answer():\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
    exec(compile(source, "<answer>", "exec"), scope)
    return scope["answer"]


def my_worker(body):
    """A `MyWorker` whose `perform_async` has that body, which begins in line 6 of the cell."""
    scope = {"__name__": "__main__"}
    head = "import os, sys, threading\nfrom luffy_lesson.step1_sync import Worker\nclass MyWorker(Worker):\n"
    head += "    @classmethod\n    def perform_async(cls, *args):\n"
    exec(compile(head + textwrap.indent(textwrap.dedent(body).strip(), " " * 8), "<answer>", "exec"), scope)
    return scope["MyWorker"]


def tried(steps, answer):
    """What became of the steps, within ten seconds."""
    begin = time.monotonic()
    outcomes = list(steps.attempt(answer) if isinstance(steps, check.Exercise) else attempt(steps, answer))
    assert time.monotonic() - begin < 10
    return outcomes


def failed(steps, answer):
    """The last outcome, which is not right; all before it are."""
    *others, last = tried(steps, answer)
    assert all(outcome.right for outcome in others)
    assert not last.right
    assert len(last.says) < 500
    assert "\n" not in last.says + last.look
    return last


def gone(pid):
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def what_is_there():
    """The processes, the threads and the folder that this process has."""
    return set(psutil.Process().children(recursive=True)), set(threading.enumerate()), os.getcwd()


def open_files():
    """The numbers of this process's open files, on a system that tells them."""
    return sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else []


@pytest.fixture(autouse=True)
def nothing_is_left(request, capfd):
    """No process, no thread, no open file, and not a character printed."""
    before, files = what_is_there(), open_files()
    yield
    assert what_is_there() == before
    if "kernel" not in request.node.name:  # a test that starts one has its sockets
        assert open_files() == files
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def hasty(monkeypatch):
    """A check that waits for half a second only: not every test has to wait for four."""
    monkeypatch.setattr(sandbox, "PATIENCE", 0.5)


@pytest.fixture
def interrupts():
    """Let ■ be what it is in a notebook."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


# what is right


def test_what_is_right_is_told_step_by_step_with_what_was_seen():
    outcomes = tried(calls, written("return 'it is seen'"))
    assert outcomes == [Outcome(STEP, True, "it is seen"), Outcome(ENDS, True)]


def test_an_outcome_comes_as_soon_as_there_is_one():
    outcomes = attempt(in_two_steps, written("import time; time.sleep(0.7)"))
    begin = time.monotonic()
    assert next(outcomes) == Outcome("the first", True)
    assert time.monotonic() - begin < 0.6
    assert [outcome.right for outcome in outcomes] == [True, True]


def test_thirty_checks_leave_nothing():
    answer = written("return 'it'")
    for _ in range(30):
        assert all(outcome.right for outcome in tried(calls, answer))


@pytest.mark.parametrize(
    ("body", "name"),
    [("raise NotImplementedError", "answer"), ("def inner(): raise NotImplementedError\ninner()", "inner")],
)
def test_a_stub_is_not_written_yet_and_no_error(body, name):
    assert failed(calls, written(body)) == Outcome(STEP, False, missing=name)


def test_what_a_library_has_not_implemented_is_an_error():
    answer = written("import queue, numbers\nfrom luffy_lesson.step1_sync import Worker\nWorker().perform()")
    assert failed(calls, answer).says.startswith("expected no exception, saw NotImplementedError: Worker has no method")


# what never ends


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("while True:\n    pass", "line [23]"),
        ("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()", "line 5"),
        ("import threading\nlock = threading.Lock()\nwith lock:\n    with lock:\n        pass", "line 5"),
        ("import queue\nqueue.Queue().get()", "line 3"),
        ("import threading\nthreading.Event().wait()", "line 3"),
        ("import time\ntime.sleep(60)", "line 3"),
        ("while True:\n    print('again')", "line [23]"),
        ("while True:\n    try:\n        1 / 0\n    except Exception:\n        pass", "line [23456]"),
    ],
)
def test_what_never_ends_is_told_with_its_line(hasty, body, line):
    last = failed(calls, written(body))
    assert (last.step, last.says) == (STEP, "expected an answer within 0.5 s, and the code was still at work")
    assert re.fullmatch(f"{line} of its cell", last.look)


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n    try:\n        sum(range(1000))\n    except BaseException:\n        pass",
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_what_does_not_let_itself_be_stopped_is_ended(hasty, body):
    last = failed(calls, written(body))
    assert last.step == STEP
    assert re.fullmatch(
        "expected an answer within 0.5 s, and the code (was still at work|does not let itself be stopped)", last.says
    )
    assert last.look


def test_an_endless_loop_that_swallows_every_exception_is_over_within_ten_seconds():
    body = "while True:\n    try:\n        sum(range(1000))\n    except BaseException:\n        pass"
    last = failed(check.perform_async, my_worker(body))
    assert last.step == "returns a thread"
    assert last.says == "expected an answer within 4 s, and the code does not let itself be stopped"
    assert "except" in last.look


def test_many_steps_that_are_each_in_time_are_over_within_ten_seconds(monkeypatch):
    def slow(answer):
        for number in range(100):
            yield f"step {number}"
            answer()

    monkeypatch.setattr(sandbox, "LONGEST", 1)
    begin = time.monotonic()
    last = failed(slow, written("import time; time.sleep(0.4)"))
    assert 0.9 < time.monotonic() - begin < 3
    assert last.step in ("step 1", "step 2", "step 3")


def test_threads_that_never_end_are_told_by_their_names():
    body = """
        import threading
        threading.Thread(target=threading.Event().wait, name="the endless").start()
        threading.Thread(target=threading.Event().wait, name="the daemon", daemon=True).start()
        return "it"
    """
    last = failed(calls, written(body))
    says = "expected every thread to have ended, saw still running: the endless, the daemon"
    assert last == Outcome(ENDS, False, says, last.look)
    assert last.look


def test_a_thread_that_never_ends_in_a_real_check_is_told(hasty):
    body = """
        def work():
            cls.perform_now(*args)
            while True:
                pass
        thread = threading.Thread(target=work, name="busy", daemon=True)
        thread.start()
        return thread
    """
    last = failed(check.perform_async, my_worker(body))
    assert last.says == "expected an answer within 0.5 s, and the code was still at work"


def test_a_thread_that_needs_a_moment_to_end_is_waited_for():
    answer = written("import threading, time\nthreading.Thread(target=time.sleep, args=(0.5,)).start()\nreturn 'it'")
    assert all(outcome.right for outcome in tried(calls, answer))


# what ends too much


@pytest.mark.parametrize("argument", ["", "0", "1", "'so long'"])
def test_sys_exit_is_told_with_its_line(argument):
    last = failed(calls, written(f"import sys\nsys.exit({argument})"))
    says = "expected the code to go on, and it has called `sys.exit`"
    assert last == Outcome(STEP, False, says, "line 3 of its cell")


@pytest.mark.parametrize(
    "body",
    [
        "import os\nos._exit(0)",
        "import os\nos._exit(1)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        "import os, signal\nos.killpg(0, signal.SIGKILL)",
        "import ctypes, faulthandler\nfaulthandler.disable()\nctypes.string_at(0)",
    ],
)
def test_the_end_of_the_whole_process_is_told(body):
    last = failed(calls, written(body))
    assert (last.step, last.says) == (STEP, "expected the code to go on, and it has ended the whole process")
    assert last.look


def test_the_end_of_the_whole_process_in_a_thread_is_told():
    last = failed(check.perform_async, my_worker("threading.Thread(target=os._exit, args=(0,)).start()"))
    assert last.says.startswith("expected ")


def test_an_interrupt_of_the_code_by_itself_is_told():
    assert failed(calls, written("raise KeyboardInterrupt")).says == "expected no exception, saw KeyboardInterrupt"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_what_is_no_exception_is_told_with_its_line_whatever_the_step(error):
    for steps in (calls, in_two_steps):
        last = failed(steps, written(f"raise {error}"))
        assert last.says in (
            f"expected no exception, saw {error}",
            "expected the code to go on, and it has called `sys.exit`",
        )
        assert last.look == "line 2 of its cell"


@pytest.mark.parametrize(
    "body",
    [
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)",
        "import signal\nsignal.raise_signal(signal.SIGINT)",
        "import _thread, time\n_thread.interrupt_main()\ntime.sleep(1)",
        "import _thread, threading, time\nthreading.Thread(target=_thread.interrupt_main).start()\ntime.sleep(1)",
    ],
)
def test_a_signal_of_the_code_to_itself_is_told(body):
    assert failed(calls, written(body)).says == "expected no exception, saw KeyboardInterrupt"


def test_an_interrupt_that_comes_a_moment_too_late_does_no_harm():
    body = """
        import _thread, threading, time
        def again_and_again():
            for _ in range(2000):
                _thread.interrupt_main()
                time.sleep(0.0001)
        threading.Thread(target=again_and_again).start()
        return "it"
    """
    last = tried(calls, written(body))[-1]
    assert last.right or last.says == "expected no exception, saw KeyboardInterrupt"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit"])
def test_what_is_no_exception_is_told_of_a_thread_of_the_check(error):
    def in_a_thread(answer):
        yield STEP
        thread = threading.Thread(target=answer, name="the check's own")
        thread.start()
        thread.join()
        raise sandbox.Wrong("an answer", "none")

    says = {
        "KeyboardInterrupt": "expected no exception in a thread, saw KeyboardInterrupt",
        "SystemExit": "expected the code to go on in a thread, and it has called `sys.exit`",
    }
    assert failed(in_a_thread, written(f"raise {error}")) == Outcome(STEP, False, says[error], "line 2 of its cell")


def test_sys_exit_in_a_thread_of_the_code_is_what_it_is_in_python():
    answer = written("import sys, threading\nthreading.Thread(target=sys.exit).start()\nreturn 'it'")
    assert tried(calls, answer)[-1].right


@pytest.mark.parametrize("rest", ["return 'it'", "pass\ntime.sleep(0.2)\nreturn 'it'"])
def test_code_that_swallows_the_end_of_its_time_is_told(hasty, rest):
    body = f"import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    pass\n{rest}"
    last = failed(calls, written(body))
    assert (last.step, last.says) == (STEP, "expected an answer within 0.5 s, and the code was still at work")


@pytest.mark.parametrize(
    "asks", ["input()", "input('Name? ')", "getpass.getpass()", "from getpass import getpass; getpass(prompt='?')"]
)
def test_a_question_is_told(asks):
    last = failed(calls, written(f"import getpass\n{asks}"))
    says = "expected code that goes on by itself, saw a question, which nobody can answer in a check"
    assert (last.step, last.says) == (STEP, says)


# too much of something


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_printed_megabyte_is_told_and_seen_nowhere(stream):
    last = failed(calls, written(f"import sys\nprint('x' * 10**6, file=sys.{stream})\nreturn ''"))
    assert last == Outcome(STEP, False, "expected a few printed lines at most, saw 1,000,001 characters", last.look)
    assert "print" in last.look


def test_a_few_printed_lines_do_no_harm_and_are_seen_nowhere():
    assert tried(calls, written("print('x' * 1000)\nreturn 'it'"))[-1].right


@pytest.mark.parametrize(
    "write",
    ["os.write(1, b'x' * 10**6)", "os.write(2, b'x' * 10**6)", "sys.__stdout__.write('x')", "os.system('echo x')"],
)
def test_what_is_written_past_python_is_seen_nowhere(write):
    assert tried(calls, written(f"import os, sys\n{write}\nsys.__stdout__.flush()\nreturn 'it'"))[-1].right


def test_endless_memory_is_told(monkeypatch):
    monkeypatch.setattr(sandbox, "MEMORY", 2**28)
    last = failed(calls, written("things = []\nwhile True:\n    things.append(bytearray(10**6))"))
    assert last == Outcome(STEP, False, "expected no exception, saw MemoryError", "line 4 of its cell")


def test_infinite_recursion_is_told():
    last = failed(calls, written("def again():\n    again()\nagain()"))
    assert last.says.startswith("expected no exception, saw RecursionError: maximum recursion depth exceeded")
    assert last.look == "line 3 of its cell"


# exceptions


def test_an_exception_is_told_with_its_line():
    last = failed(calls, written("nothing = {}\nnothing['key']"))
    assert last == Outcome(STEP, False, "expected no exception, saw KeyError: 'key'", "line 3 of its cell")


def test_an_exception_in_a_thread_is_told_with_its_line():
    body = """
        def work():
            raise ValueError("no such thing")
        thread = threading.Thread(target=work)
        thread.start()
        return thread
    """
    last = failed(check.perform_async, my_worker(body))
    assert last.says == "expected no exception in a thread, saw ValueError: no such thing"
    assert last.look == "line 7 of its cell"


def test_an_exception_in_a_thread_is_told_when_all_else_is_right():
    body = """
        import threading
        def work():
            raise ValueError("no such thing")
        threading.Thread(target=work).start()
        return "it"
    """
    last = failed(calls, written(body))
    assert last.step == "raises nothing in a thread"
    assert last.says == "expected no exception in a thread, saw ValueError: no such thing"
    assert last.look == "line 4 of its cell"


@pytest.mark.parametrize(
    ("raises", "says"),
    [
        ("raise ValueError('x' * 10**6)", "ValueError: x"),
        ("raise ValueError", "ValueError"),
        ("raise ValueError('')", "ValueError"),
        ("raise ValueError('one\\ntwo')", "ValueError: "),
        ("error = KeyError('key')\nerror.add_note('a note')\nraise error", "KeyError: "),
        ("raise type('Own', (Exception,), {'__str__': lambda self: 1 / 0})()", "Own"),
        ("raise type('Own', (Exception,), {'__eq__': lambda self, other: 1 / 0, '__hash__': None})()", "Own"),
        ("raise BaseException('all')", "BaseException: all"),
        ("raise ExceptionGroup('some', [ValueError(1)])", "ExceptionGroup: some"),
        ("raise OSError(2, '\\udcff')", "FileNotFoundError: "),
        ("exec('1 +')", "SyntaxError: "),
        ("raise 1", "TypeError: exceptions must derive from BaseException"),
        ("raise StopIteration", "RuntimeError: "),
        ("raise GeneratorExit", "GeneratorExit"),
    ],
)
def test_any_exception_is_told_in_a_line(raises, says):
    last = failed(calls, written(raises))
    assert last.says.startswith(f"expected no exception, saw {says}")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ("raise ValueError('no repr')", "expected no exception, saw ValueError: no repr"),
        ("return 'x' * 10**6", "expected a `threading.Thread`, saw xxx"),
        ("return 'two\\nlines'", "expected a `threading.Thread`, saw two"),
        ("return 1", "expected no exception, saw TypeError: "),
        ("import time; time.sleep(60)", "expected an answer within 0.5 s"),
    ],
)
def test_an_answer_whose_repr_is_not_fit_to_be_read_is_told(hasty, answers, says):
    body = f"""
        class Answer:
            def __repr__(self):
                {answers}
        return Answer()
    """
    assert failed(check.perform_async, my_worker(body)).says.startswith(says)


# processes and files


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid",
        "subprocess.Popen('sleep 60 & wait', shell=True).pid",
        "fork()",
        "multiprocessing_child()",
    ],
)
def test_processes_that_the_code_starts_are_gone(tmp_path, eventually, start):
    body = f"""
        import multiprocessing, os, subprocess, sys, time

        def fork():
            pid = os.fork()
            if not pid:
                time.sleep(60)
                os._exit(0)
            return pid

        def multiprocessing_child():
            child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
            child.start()
            return child.pid

        with open({str(tmp_path / "pid")!r}, "w") as file:
            file.write(str({start}))
        return "it"
    """
    assert tried(calls, written(body))[-1].right
    pid = int((tmp_path / "pid").read_text())
    eventually(lambda: gone(pid))


DETACHES = """
    import os, subprocess, sys, time

    def detached():
        reader, writer = os.pipe()
        if not os.fork():
            os.setsid()
            if pid := os.fork():
                os.write(writer, str(pid).encode())
                os._exit(0)
            os.chdir("/")
            os.closerange(3, 256)
            time.sleep(60)
            os._exit(0)
        os.wait()
        return int(os.read(reader, 20))

    def session():
        return subprocess.Popen(["sleep", "60"], start_new_session=True).pid

    def orphan():
        return int(subprocess.check_output("setsid sleep 60 >&2 & echo $!", shell=True, start_new_session=True))

    with open({path!r}, "w") as file:
        file.write(str({start}()))
    {then}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere who is orphaned belongs to nobody")
@pytest.mark.parametrize("then", ["return 'it'", "os._exit(0)", "os.kill(os.getpid(), 9)", "os.killpg(0, 9)"])
@pytest.mark.parametrize("start", ["detached", "session", "orphan"])
def test_a_process_that_has_left_the_session_is_gone_at_the_end(tmp_path, start, then):
    path = tmp_path / "pid"
    last = tried(calls, written(DETACHES.format(path=str(path), start=start, then=then)))[-1]
    assert last.right == (then == "return 'it'")
    if not last.right:
        assert last.says == "expected the code to go on, and it has ended the whole process"
    assert not psutil.pid_exists(int(path.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere who is orphaned belongs to nobody")
def test_a_process_that_has_left_the_session_is_gone_when_the_check_is_abandoned(tmp_path, eventually):
    path = tmp_path / "pid"
    body = DETACHES.format(path=str(path), start="detached", then="time.sleep(60)")
    outcomes = attempt(in_two_steps, written(body))
    next(outcomes)
    eventually(lambda: path.exists() and path.read_text())
    outcomes.close()
    assert not psutil.pid_exists(int(path.read_text()))


@pytest.mark.parametrize("number", ["SIGINT", "SIGSTOP", "SIGTERM", "SIGKILL"])
def test_a_signal_to_the_process_above_does_not_reach_the_notebook(hasty, interrupts, number):
    tried(calls, written(f"import os, signal\nos.kill(os.getppid(), signal.{number})\nreturn 'it'"))


def test_a_process_that_outlives_the_code_is_gone(hasty, tmp_path, eventually):
    body = f"""
        import os, time
        pid = os.fork()
        if not pid:
            time.sleep(60)
            os._exit(0)
        with open({str(tmp_path / "pid")!r}, "w") as file:
            file.write(str(pid))
        os._exit(0)
    """
    assert failed(calls, written(body)).step == STEP
    pid = int((tmp_path / "pid").read_text())
    eventually(lambda: gone(pid))


def test_what_is_written_into_the_working_directory_is_gone():
    body = """
        import os
        open("junk.txt", "w").close()
        os.makedirs("one/two")
        os.chmod("one", 0)
        return os.getcwd()
    """
    seen, _ = tried(calls, written(body))
    assert os.path.isabs(seen.says)
    assert not os.path.exists(seen.says)
    assert seen.says != os.getcwd()
    assert not os.path.exists("junk.txt")


@pytest.mark.parametrize("moves", ["os.chdir('/')", "os.rmdir(os.getcwd())"])
def test_the_working_directory_stays_where_it_is(moves):
    assert tried(calls, written(f"import os\n{moves}\nreturn 'it'"))[-1].right


def test_what_the_code_changes_is_unchanged_here():
    things = {"environment": dict(os.environ), "handler": signal.getsignal(signal.SIGALRM)}
    body = "import os, signal\nos.environ.clear()\nsignal.signal(signal.SIGALRM, signal.SIG_DFL)\nreturn 'it'"
    tried(calls, written(body))
    assert things == {"environment": dict(os.environ), "handler": signal.getsignal(signal.SIGALRM)}


# what is interrupted or abandoned


@pytest.mark.parametrize("body", ["while True:\n    pass", "import time\ntime.sleep(60)"])
def test_an_interrupt_ends_the_check_and_reaches_the_caller(interrupts, body):
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        tried(calls, written(body))
    assert time.monotonic() - begin < 2
    timer.join()


def test_an_interrupt_at_the_moment_of_the_fork_leaves_nothing(interrupts, monkeypatch):
    def fork():
        nonlocal pid
        if pid := usual():
            signal.raise_signal(signal.SIGINT)
        return pid

    pid, usual = 0, os.fork
    monkeypatch.setattr(os, "fork", fork)
    files = open_files()
    try:
        with pytest.raises(KeyboardInterrupt):
            tried(calls, written("import time\ntime.sleep(60)"))
        assert gone(pid)
        assert open_files() == files
    finally:
        if not gone(pid):  # do not leave it to others
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_a_check_that_is_abandoned_is_ended():
    outcomes = attempt(in_two_steps, written("import time\ntime.sleep(60)"))
    assert next(outcomes).right
    assert len(psutil.Process().children()) >= 1
    outcomes.close()


def test_a_check_that_is_forgotten_is_ended():
    assert next(attempt(in_two_steps, written("import time\ntime.sleep(60)"))).right


def test_an_exception_where_outcomes_are_taken_ends_the_check():
    def take():
        for outcome in attempt(in_two_steps, written("import time\ntime.sleep(60)")):
            raise ValueError(outcome.step)

    with pytest.raises(ValueError, match="the first"):
        take()


def test_a_lock_that_jobs_of_the_notebook_hold_at_that_moment_holds_up_no_check():
    body = "thread = threading.Thread(target=cls.perform_now, args=args)\nthread.start()\nreturn thread"
    with backlog.lock:
        assert tried(check.perform_async, my_worker(body))[-1].right


def test_a_check_works_in_a_thread_too(aside):
    assert aside(tried, calls, written("return 'it'")).result(timeout=10)[-1].right
    assert failed(calls, written("import sys\nsys.exit()")).says


# in a real kernel

SOLVED = """\
✓ calls `perform`, once
✓ calls it on an instance of the worker
✓ hands on the arguments (2 and 3)
✓ returns what `perform` returns (5)
✓ makes a new instance for each job
✓ lets an exception through to the caller
✓ leaves no thread running
Solved: 1 of 3 in lesson 1.
"""


def is_in_its_loop(process):
    """Whether a check runs in the kernel `process`, and its child has been busy for a while."""
    return any(child.cpu_times().user > 0.2 for child in process.children(recursive=True))


@pytest.fixture(scope="module")
def kernel_process(one_kernel):
    """The process of the kernel."""
    return psutil.Process(int(one_kernel.out[one_kernel.run("print(os.getpid())")]))


def test_checks_in_a_kernel_where_much_goes_on_are_right_and_quiet(kernel, kernel_process):
    busy = kernel.run("""
        import matplotlib.pyplot
        pool = Processor.start(3)
        board = watch()
        threads = [Chat.perform_async() for _ in range(20)]
    """)
    solved = kernel.run("""
        for _ in range(20):
            check.perform_now(MyWorker)
    """)
    goes_on = kernel.run("""
        done, end = len(board.jobs), time.monotonic() + 10
        while len(board.jobs) == done and time.monotonic() < end:
            time.sleep(0.01)
        Chat.over.set()
        for thread in threads:
            thread.join()
        pool.stop(20)
        print(len(board.jobs) > done > 0, threading.active_count() < 20)
    """)
    assert kernel.out[solved] == SOLVED * 20
    assert "chat" in kernel.out[busy]
    assert kernel.out[goes_on] == "True True\n"
    assert not any(kernel.err.values())
    assert kernel_process.children(recursive=True) == []


def test_after_a_check_of_an_endless_loop_the_kernel_goes_on(kernel, kernel_process):
    begin = time.monotonic()
    cell = kernel.run("check.perform_now(Loops)")
    after = kernel.run("print('the next cell')")
    assert time.monotonic() - begin < 10
    wrong = "✗ calls `perform`, once: expected an answer within 4 s, and the code was still at work"
    first, look, hint = kernel.out[cell].splitlines()
    assert first == wrong
    assert re.fullmatch(r"  look at: line \d+ of its cell: `(while True:|pass)`", look)
    assert hint == "  hint: check.perform_now.hint()"
    assert kernel.out[after] == "the next cell\n"
    assert not any(kernel.err.values())
    assert kernel_process.children(recursive=True) == []


@pytest.mark.parametrize("answer", ["Loops", "Swallows"])
def test_an_interrupted_cell_ends_its_check_at_once(kernel, kernel_process, eventually, answer):
    cell = kernel.begin(f"check.perform_now({answer})")
    eventually(lambda: is_in_its_loop(kernel_process))
    begin = time.monotonic()
    kernel.manager.interrupt_kernel()
    kernel.wait(cell, error="KeyboardInterrupt")
    after = kernel.run("print('the next cell')")
    assert time.monotonic() - begin < 2
    assert kernel.out[after] == "the next cell\n"
    assert kernel_process.children(recursive=True) == []


@pytest.mark.parametrize(
    "does", ["display('it')", "get_ipython().system('echo it')", "sys.stdout.fileno()", "input('?')"]
)
def test_what_code_does_with_the_notebook_hurts_neither(kernel, kernel_process, does):
    cell = kernel.run(f"""
        from IPython.display import display
        class MyOwn(MyWorker):
            @classmethod
            def perform_now(cls, *args):
                {does}
                return super().perform_now(*args)
        check.perform_now(MyOwn)
    """)
    assert kernel.out[cell].startswith(("✓ calls `perform`, once\n", "✗ calls `perform`, once: expected "))
    own = [message for message in kernel.messages if message["parent_header"].get("msg_id") == cell]
    assert {message["msg_type"] for message in own} <= {"status", "execute_input", "stream"}
    assert kernel.out[kernel.run("check.perform_now(MyWorker)")] == SOLVED
    assert not any(kernel.err.values())
    assert kernel_process.children(recursive=True) == []


def test_a_kernel_that_is_killed_in_the_middle_of_a_check_leaves_no_process(eventually, capfd):
    kernel = Kernel()
    left = []
    try:
        cell = kernel.run(SET_UP + "print(os.getpid())\n")
        process = psutil.Process(int(kernel.out[cell]))
        kernel.begin("check.perform_now(Swallows)")
        eventually(lambda: is_in_its_loop(process))
        left = process.children()
        assert len(left) == 1
        kernel.manager.shutdown_kernel(now=True)
        assert psutil.wait_procs(left, timeout=10)[1] == []
    finally:
        for child in left:
            if child.is_running():
                child.kill()
        psutil.wait_procs(left, timeout=10)
        kernel.close()
        capfd.readouterr()  # what a kernel says when it starts
