"""What a learner reads of an exercise: its lines, its hints, its solution; and what is kept of it."""

import re
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import redis

from luffy_lesson.classroom import check
from luffy_lesson.classroom.check.exercise import Exercise
from luffy_lesson.classroom.check.progress_file import file, note, solved
from luffy_lesson.step4_redis_queue import RedisBackend

LINE = r"\n?\d{4}-\d\d-\d\d (solved|reset) \w+\n"

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


def written(source, name):
    """What a learner has written in a cell of a notebook."""
    scope = {"__name__": "__main__"}
    exec(compile(textwrap.dedent(source), "<answer>", "exec"), scope)
    return scope[name]


def solution_of(exercise):
    return written(exercise.solution_file.read_text(), exercise.answer)


STUB = """
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        raise NotImplementedError
"""


@pytest.fixture(autouse=True)
def home(request, monkeypatch, tmp_path):
    """A home without progress, and no hint given."""
    if "redis_url" in request.fixturenames:
        request.getfixturevalue("redis_url")  # first, for its server lives in the home of all tests
    home = tmp_path / "home"
    monkeypatch.setenv("LUFFY_HOME", str(home))
    for exercise in Exercise.all.values():
        monkeypatch.setattr(exercise, "_hinted", 0)
    return home


# what is printed


def test_an_answer_that_is_right_is_solved(capsys):
    check.perform_now(solution_of(check.perform_now))
    assert capsys.readouterr() == (SOLVED, "")
    assert solved() == {"perform_now"}


def test_how_many_are_solved_counts_those_of_the_lesson(capsys):
    note("timed", "solved")
    note("limit", "solved")
    check.perform_now(solution_of(check.perform_now))
    assert capsys.readouterr().out.splitlines()[-1] == "Solved: 2 of 3 in lesson 1."


def test_lines_appear_as_the_steps_are_tried(capsys, monkeypatch):
    flushed = []
    monkeypatch.setattr("builtins.print", lambda *things, **options: flushed.append(options.get("flush")))
    check.perform_now(written(STUB, "MyWorker"))
    assert flushed == [True]


def test_a_stub_is_not_solved_yet_twice_the_same(capsys):
    for _ in range(2):
        check.perform_now(written(STUB, "MyWorker"))
        assert capsys.readouterr() == (
            "not solved yet: `perform_now` is still to be written\n  hint: check.perform_now.hint()\n",
            "",
        )
    assert solved() == set()


def test_a_wrong_answer_is_told_with_what_was_expected_and_seen_and_what_to_look_at(capsys):
    answer = written(
        "class MyWorker:\n    @classmethod\n    def perform_now(cls, *args): cls().perform(*args)", "MyWorker"
    )
    check.perform_now(answer)
    *right, wrong, look, hint = capsys.readouterr().out.splitlines()
    assert right == SOLVED.splitlines()[:3]
    assert wrong == "✗ returns what `perform` returns: expected 5 for the sum of 2 and 3, saw None"
    assert look == "  look at: what does `perform_now` return?"
    assert hint == "  hint: check.perform_now.hint()"
    assert solved() == set()


def test_a_wrong_answer_leaves_a_solved_exercise_solved(capsys):
    note("perform_now", "solved")
    check.perform_now(written(STUB, "MyWorker"))
    assert solved() == {"perform_now"}


def test_nothing_to_look_at_prints_no_line_for_it(capsys):
    check.perform_now(type("MyWorker", (), {"perform_now": 1}))
    assert capsys.readouterr().out == (
        "✗ calls `perform`, once: expected no exception, saw TypeError: 'int' object is not callable\n"
        "  hint: check.perform_now.hint()\n"
    )


@pytest.mark.parametrize("wrong", ["answer()", "None", "lambda *args: None", "5", "'MyWorker'", "check.perform_now"])
def test_what_is_no_class_is_told(capsys, wrong):
    check.perform_now(eval(wrong, {"answer": written(STUB, "MyWorker"), "check": check}))
    assert capsys.readouterr() == ("✗ expected the class itself: check.perform_now(MyWorker)\n", "")


@pytest.mark.parametrize("wrong", ["answer", "None", "5", "answer()", "[]"])
def test_what_is_no_function_is_told(capsys, wrong):
    check.stop_within(eval(wrong, {"answer": written(STUB, "MyWorker")}))
    assert capsys.readouterr() == ("✗ expected the function itself: check.stop_within(stop_within)\n", "")


@pytest.mark.parametrize("empty", [object, int, type, Exception, dict])
def test_any_class_is_told_in_sentences(capsys, empty):
    for exercise in (check.perform_now, check.perform_async, check.processor, check.priorities):
        exercise(empty)
        out, err = capsys.readouterr()
        assert re.search("^✗ .*expected .*, saw ", out, re.MULTILINE)
        assert "Traceback" not in out
        assert err == ""


def test_exercises_are_told_by_their_names_and_say_what_they_are():
    for name, exercise in Exercise.all.items():
        assert repr(exercise) == f"check.{name}"
        assert getattr(check, name) is exercise
        assert exercise.__doc__


# hints and the solution


@pytest.mark.parametrize("name", Exercise.all)
def test_hints_rise_name_the_next_call_and_begin_again(capsys, name):
    exercise = Exercise.all[name]
    assert len(exercise.hints) in (2, 3)
    for _ in range(2):
        for number, hint in enumerate(exercise.hints, 1):
            exercise.hint()
            following = (
                f"  another: check.{name}.hint()"
                if number < len(exercise.hints)
                else f"  That was the last. One way to do it: check.{name}.solution()"
            )
            said = capsys.readouterr().out
            assert " ".join(said.split()) == " ".join(
                f"hint {number} of {len(exercise.hints)}: {hint} {following}".split()
            )
            assert max(map(len, said.splitlines())) <= 95


def test_hints_of_one_exercise_do_not_move_those_of_another(capsys):
    check.perform_now.hint()
    capsys.readouterr()
    check.timed.hint()
    assert capsys.readouterr().out.startswith("hint 1 of 3")


@pytest.mark.parametrize("name", Exercise.all)
def test_the_solution_is_shown_as_it_is(capsys, name):
    exercise = Exercise.all[name]
    exercise.solution()
    text = capsys.readouterr().out
    assert text == f"{exercise.solution_file.read_text().strip()}\n"
    assert exercise.answer in text


# progress


def test_progress_lists_the_lessons_in_order(capsys):
    note("timed", "solved")
    check.progress()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "lesson 1: 1 of 3 solved   · perform_now   · try_again   ✓ timed"
    assert len(lines) == 11
    for number, line in enumerate(lines[1:], 2):
        assert re.fullmatch(rf"lesson {number}: 0 of \d solved( +· \w+)+", line)


def test_progress_is_kept_for_another_process(environment, capsys):
    check.perform_now(solution_of(check.perform_now))
    capsys.readouterr()
    check.progress()
    here = capsys.readouterr().out
    assert "✓ perform_now" in here
    program = "from luffy_lesson.classroom import check; check.progress()"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (here, "")


def test_one_exercise_is_forgotten_and_nothing_else(home, capsys):
    note("perform_now", "solved")
    note("timed", "solved")
    (home / "other.txt").write_text("mine")
    before = file().read_text()
    check.perform_now.hint()
    check.timed.hint()
    check.perform_now.reset()
    assert solved() == {"timed"}
    assert file().read_text().startswith(before)
    assert sorted(path.name for path in home.iterdir()) == ["other.txt", "progress.txt"]
    capsys.readouterr()
    check.perform_now.hint()
    assert capsys.readouterr().out.startswith("hint 1 ")
    check.timed.hint()
    assert capsys.readouterr().out.startswith("hint 2 ")


def test_all_exercises_are_forgotten_and_nothing_else(home, capsys):
    for name in Exercise.all:
        note(name, "solved")
    (home / "other.txt").write_text("mine")
    check.timed.hint()
    check.reset()
    assert solved() == set()
    assert sorted(path.name for path in home.iterdir()) == ["other.txt", "progress.txt"]
    capsys.readouterr()
    check.timed.hint()
    assert capsys.readouterr().out.startswith("hint 1 ")


def test_what_was_forgotten_can_be_solved_again(capsys):
    check.perform_now(solution_of(check.perform_now))
    check.reset()
    capsys.readouterr()
    check.perform_now(solution_of(check.perform_now))
    assert capsys.readouterr().out == SOLVED


def test_nothing_is_written_where_nothing_is_to_be_forgotten():
    check.reset()
    check.timed.reset()
    assert not file().exists()


def test_a_line_of_the_file_is_a_date_and_what_was_done():
    note("timed", "solved")
    note("timed", "reset")
    assert re.fullmatch(f"({LINE}){{2}}", file().read_text())


def test_a_file_of_an_earlier_version_without_empty_lines_still_counts():
    file().write_text(
        "2026-01-01 solved timed\n2026-01-02 solved limit\n2026-01-03 reset timed\n2026-01-04 solved once\n"
    )
    assert solved() == {"limit", "once"}
    note("timed", "solved")
    assert solved() == {"limit", "once", "timed"}


@pytest.mark.parametrize(
    "junk",
    [
        b"garbage\n",
        b"\n\n\n",
        b"\x00\xff\xfe\x80\r\n",
        b"2026-01-01 solved\n",
        b"2026-01-01 lost timed\n",
        b"2026-01-01 solved timed and more\n",
        b"\xef\xbb\xbf\n",
        bytes(range(256)) * 100 + b"\n",
    ],
)
def test_a_file_with_garbage_does_no_harm(capsys, junk):
    note("limit", "solved")
    with file().open("ab") as lines:
        lines.write(junk)
    note("timed", "solved")
    assert solved() == {"limit", "timed"}
    check.progress()
    assert "✓ timed" in capsys.readouterr().out
    check.timed.reset()
    assert solved() == {"limit"}


@pytest.mark.parametrize("half", ["2026-01-01 solved perf", "2026-01-", "2026-01-01 solved limit", "\x00", "garbage"])
@pytest.mark.parametrize("what", ["solved", "reset"])
def test_a_line_after_half_a_line_is_not_lost(half, what):
    note("timed", "reset" if what == "solved" else "solved")
    with file().open("a") as lines:
        lines.write(half)
    note("timed", what)
    assert ("timed" in solved()) is (what == "solved")
    note("once", "solved")
    assert ("timed" in solved()) is (what == "solved")
    assert "once" in solved()


def test_a_solved_exercise_after_half_a_line_is_solved(capsys):
    file().write_text("2026-01-01 solved perf")
    check.perform_now(solution_of(check.perform_now))
    assert capsys.readouterr().out == SOLVED


def test_names_that_are_unknown_are_left_alone(capsys):
    note("of_another_version", "solved")
    check.progress()
    assert "of_another_version" not in capsys.readouterr().out
    check.reset()
    assert solved() == {"of_another_version"}


def unwritable_file(home):
    home.mkdir()
    (home / "progress.txt").mkdir()


def unmakeable_folder(home):
    home.write_text("a file")


@pytest.mark.parametrize("make", [unwritable_file, unmakeable_folder])
def test_what_cannot_be_noted_is_solved_all_the_same(home, capsys, make):
    make(home)
    check.perform_now(solution_of(check.perform_now))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == SOLVED.splitlines()[:-1]
    assert re.fullmatch(r"Solved\. \(It could not be noted: .*\)", lines[-1])


def test_a_file_system_that_is_read_only_is_told(monkeypatch, capsys):
    def refuse(path, mode="r", **options):
        if "a" in mode or "w" in mode:
            raise OSError(30, "Read-only file system", str(path))
        return usual(path, mode, **options)

    usual = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    check.perform_now(solution_of(check.perform_now))
    assert "Solved. (It could not be noted: [Errno 30] Read-only file system" in capsys.readouterr().out


def test_processes_that_note_at_once_lose_nothing(environment):
    program = """if True:
        import sys
        from luffy_lesson.classroom.check.progress_file import note
        sys.stdin.read(1)  # until all are there
        for number in range(300):
            note(f"{sys.argv[1]}_{number}", "solved")
    """
    command = [sys.executable, "-c", program]
    processes = [
        subprocess.Popen([*command, name], env=environment, stdin=subprocess.PIPE, text=True) for name in ("one", "two")
    ]
    for process in processes:
        process.communicate("x", timeout=60)
    assert solved() == {f"{name}_{number}" for name in ("one", "two") for number in range(300)}
    assert re.fullmatch(f"({LINE}){{600}}", file().read_text())


# Redis


WITH_REDIS = [
    *(check.redis_backend, check.two_queues, check.once),
    *(check.acknowledge, check.put_back, check.charge_once, check.schedule),
]


@pytest.mark.parametrize("exercise", WITH_REDIS, ids=repr)
def test_redis_that_is_away_is_told_in_a_sentence(monkeypatch, capsys, exercise):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{closed.getsockname()[1]}")
        begin = time.monotonic()
        exercise(solution_of(exercise))
    assert time.monotonic() - begin < 10
    out, err = capsys.readouterr()
    run = rf"Run `lesson\.fresh\({exercise.lesson}\)`, then try again\."
    assert re.fullmatch(rf"✗ Redis does not answer \(.*refused.*\)\. {run}\n", out)
    assert err == ""
    assert solved() == set()


def test_redis_that_is_silent_is_told_in_a_sentence(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}")
        begin = time.monotonic()
        check.two_queues(solution_of(check.two_queues))
    assert time.monotonic() - begin < 10
    assert re.fullmatch(r"✗ Redis does not answer \(.*\)\. Run .*\n", capsys.readouterr().out)


def test_an_address_of_redis_that_makes_no_sense_is_told_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "localhost:6379")
    check.two_queues(solution_of(check.two_queues))
    assert re.fullmatch(r"✗ Redis does not answer \(.*\)\. Run .*\n", capsys.readouterr().out)


def test_a_check_without_redis_does_not_ask_for_it(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    check.perform_now(solution_of(check.perform_now))
    assert capsys.readouterr().out == SOLVED


HARD_CODED = """
class MyBackend:
    def __init__(self, connection, key):
        self.connection = connection

    def put(self, job):
        return self.connection.lpush("luffy:mine", job)

    def get(self, timeout):
        raise NotImplementedError
"""


@pytest.fixture
def connection(redis_url):
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        yield connection


@pytest.mark.parametrize("exercise", WITH_REDIS, ids=repr)
def test_a_check_that_is_right_leaves_no_key(connection, capsys, exercise):
    exercise(solution_of(exercise))
    of = sum(each.lesson == exercise.lesson for each in Exercise.all.values())
    assert capsys.readouterr().out.splitlines()[-1] == f"Solved: 1 of {of} in lesson {exercise.lesson}."
    assert connection.keys() == []


def test_a_key_of_the_answers_own_is_removed(connection, capsys):
    check.redis_backend(written(HARD_CODED, "MyBackend"))
    assert re.search("^(✗|not solved yet)", capsys.readouterr().out, re.MULTILINE)
    assert connection.keys() == []


def test_keys_that_were_there_before_stay(connection, capsys):
    connection.set("luffy:kept", "1")
    connection.set("another", "2")
    connection.lpush("luffy:queue", "a job")
    try:
        check.redis_backend(written(HARD_CODED, "MyBackend"))
        assert sorted(connection.keys()) == ["another", "luffy:kept", "luffy:queue"]
        assert connection.lrange("luffy:queue", 0, -1) == ["a job"]
    finally:
        connection.delete("another")


@pytest.mark.parametrize("jobs", [[], ["a job"]])
def test_an_answer_that_uses_the_queue_of_the_notebook_leaves_it_as_it_was(connection, capsys, jobs):
    for job in jobs:
        connection.lpush("luffy:queue", job)
    check.redis_backend(written(HARD_CODED.replace("luffy:mine", "luffy:queue"), "MyBackend"))
    assert re.search("^✗", capsys.readouterr().out, re.MULTILINE)
    assert connection.lrange("luffy:queue", 0, -1) == jobs


def test_queues_of_the_notebook_that_come_meanwhile_stay(connection, capsys):
    class Mine(RedisBackend):
        key = "luffy:another"

    class MadeOfMine(Mine):
        key = "luffy:third"

    outcomes = check.redis_backend.attempt(written(HARD_CODED, "MyBackend"))
    next(outcomes)
    queues = [Mine.key, "luffy:queue", "luffy:queue:in_flight:1", MadeOfMine.key]
    for key in queues:
        connection.lpush(key, "a job")
    outcomes.close()
    assert sorted(connection.keys()) == queues


def test_a_key_that_the_notebook_makes_meanwhile_stays(connection):
    """The letterbox of lesson 5, which was not there when the check began, and keys below one of a check of another."""
    outcomes = check.schedule.attempt(solution_of(check.schedule))
    next(outcomes)
    mine = ["another", "luffy:check:0123abcd", "luffy:letterbox"]
    for key in mine:
        connection.incr(key)
    assert all(outcome.right for outcome in outcomes)
    assert sorted(connection.keys()) == mine
    connection.delete(*mine)


LEAVES = """
class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        {does}
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        raise NotImplementedError
"""


def leaves(does):
    """Try a backend that does something in `put`; return what became of the last step."""
    import_all = "import os, redis, subprocess, sys, threading\n"
    *_, last = check.redis_backend.attempt(written(import_all + LEAVES.format(does=does), "MyBackend"))
    return last


OWN = "redis.Redis.from_url(os.environ['REDIS_URL'])"


@pytest.mark.parametrize(
    "does",
    [
        "self.connection.set('no prefix', 1)",
        "self.connection.set(f'charged:{job}', 1, ex=1000)",
        "self.connection.pipeline().set('luffy:mine', 1).hset('mine', 'field', 1).execute()",
        "self.connection.eval('redis.call(\"set\", KEYS[1], 1)', 1, 'mine')",
        'self.connection.eval(\'redis.call("set", KEYS[1] .. ":mark", 1)\', 1, self.key)',
        f"{OWN}.set('mine', 1)",
        "self.connection.client().set('mine', 1)",
        "thread = threading.Thread(target=self.connection.set, args=('mine', 1)); thread.start(); thread.join()",
        "job == 'first' and os.waitpid(os.fork() or (self.connection.set('mine', 1), os._exit(0)), 0)",
    ],
)
def test_a_key_of_an_answer_goes_whatever_its_name_and_however_it_is_made(connection, does):
    assert leaves(does).missing == "get"
    assert connection.keys() == []


def test_a_key_of_the_notebook_that_an_answer_names_stays(connection):
    connection.set("luffy:letterbox", 7)
    assert leaves("self.connection.get('luffy:letterbox')").missing == "get"
    assert connection.get("luffy:letterbox") == "7"


@pytest.mark.parametrize("owner", ["self.connection", OWN])
@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("flushdb()", "expected other keys to be left alone, saw FLUSHDB"),
        ("flushall()", "expected other keys to be left alone, saw FLUSHALL"),
        ("function_flush()", "expected other keys to be left alone, saw FLUSH"),
        ("execute_command('flushdb')", "expected other keys to be left alone, saw FLUSHDB"),
        ("pipeline().ping().flushdb().execute()", "expected other keys to be left alone, saw FLUSHDB"),
        ("lpush('luffy:queue', job)", "expected the key that it was given, saw luffy:queue"),
    ],
)
def test_an_answer_takes_nothing_away_and_adds_nothing_that_is_the_notebooks(connection, owner, does, says):
    connection.set("luffy:letterbox", 7)
    connection.function_load("#!lua name=mine\nredis.register_function('mine', function() return 1 end)")
    try:
        assert leaves(f"{owner}.{does}").says == says
        assert connection.keys() == ["luffy:letterbox"]
        assert connection.fcall("mine", 0) == 1
    finally:
        connection.function_delete("mine")


LOADS = (
    "self.connection.function_load('#!lua name=mine\\nredis.register_function(\"mine\", function() return 2 end)', {})"
)


def test_functions_of_an_answer_are_gone(connection):
    assert leaves(LOADS.format(True)).missing == "get"
    assert connection.function_list() == []


def test_functions_of_the_notebook_are_what_they_were(connection):
    for name in ("mine", "another"):
        connection.function_load(f"#!lua name={name}\nredis.register_function('{name}', function() return 1 end)")
    try:
        assert leaves(LOADS.format(True)).missing == "get"
        assert (connection.fcall("mine", 0), connection.fcall("another", 0)) == (1, 1)
    finally:
        connection.function_delete("mine")
        connection.function_delete("another")


def test_functions_that_the_notebook_loads_meanwhile_stay(connection):
    outcomes = check.schedule.attempt(solution_of(check.schedule))
    next(outcomes)
    connection.function_load("#!lua name=mine\nredis.register_function('mine', function() return 1 end)")
    try:
        assert all(outcome.right for outcome in outcomes)
        assert connection.fcall("mine", 0) == 1
    finally:
        connection.function_delete("mine")


def test_functions_that_cannot_be_loaded_do_no_harm(connection):
    assert "ResponseError" in leaves("self.connection.function_load('#!lua name=mine\\nsyntax error')").says
    assert connection.function_list() == []


def test_an_interrupted_check_leaves_no_key(connection):
    answer = HARD_CODED.replace("raise NotImplementedError", "threading.Event().wait()")
    outcomes = check.redis_backend.attempt(written("import threading\n" + answer, "MyBackend"))
    next(outcomes)
    connection.lpush("luffy:mine", "more")
    outcomes.close()
    assert connection.keys() == []
