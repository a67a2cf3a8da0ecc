"""The commands of the launcher, all but `work`."""

import contextlib
import io
import json
import os
import pwd
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import pytest
import redis

from luffy_lesson.host.environment import wait_for
from luffy_lesson.host.redis_server import ENDS_WITH, RedisServer
from luffy_lesson.launcher import commands

PYTEST = [sys.executable, "-m", "pytest", "-p", "tests.fast_import"]


@pytest.fixture
def became(monkeypatch, tmp_path):
    """The programs that the launcher would have become, as lists of words."""
    monkeypatch.chdir(tmp_path)  # a command may go elsewhere; this goes back
    programs = []
    monkeypatch.setattr(commands, "run", lambda command, variables=None: programs.append([str(w) for w in command]))
    monkeypatch.setattr(commands, "wait_for", lambda command: programs.append(command) or 0)
    monkeypatch.setattr(commands, "find_browser", lambda: "chromium")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    return programs


# redis


@pytest.mark.commands
def test_redis_start_status_url_and_stop(launch, server, tmp_path):
    def ask(action):
        done = launch("redis", action, LUFFY_HOME=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    stopped = "The lesson's Redis server does not run.\n"
    assert ask("status") == stopped
    running = ask("start")
    assert re.fullmatch(r"The lesson's Redis server runs on 127\.0\.0\.1:\d+\.\n", running)
    assert ask("status") == running
    url = ask("url").strip()
    with redis.Redis.from_url(url) as connection:
        assert connection.ping()
    assert ask("stop") == ask("stop") == stopped
    assert ask("url").strip() == url
    assert server.answers()


def test_a_home_that_cannot_be_made_is_said_in_a_sentence(launch, tmp_path):
    (tmp_path / "file").touch()
    done = launch("redis", "status", LUFFY_HOME=str(tmp_path / "file"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr


@pytest.mark.commands
@pytest.mark.parametrize("words", [["redis", "start"], ["redis", "stop"], ["doctor"], ["work", "workers.py"]])
def test_no_command_ends_in_a_traceback_where_the_home_cannot_be_used(launch, tmp_path, words):
    (tmp_path / "workers.py").write_text("from luffy_lesson.step4_redis_queue import Worker\nclass A(Worker): pass\n")
    (tmp_path / "redis").touch()
    done = launch(*words, LUFFY_HOME=str(tmp_path))
    assert done.returncode == 1
    if words == ["doctor"]:
        assert f"\n✗ a Redis server: {tmp_path}/redis" in done.stdout
        assert done.stderr == ""
    else:
        assert re.fullmatch(rf"{tmp_path}/redis.* cannot be used: [^\n]+\n", done.stderr)


def test_a_relative_home_is_the_same_for_all_that_the_launcher_starts(became, monkeypatch, tmp_path):
    monkeypatch.setenv("LUFFY_HOME", "state")
    assert commands.main(["lab"]) == 0
    assert os.environ["LUFFY_HOME"] == str(tmp_path / "state")


NO_DEV_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")


@pytest.mark.parametrize("unusable", ["nowhere", "file", pytest.param("full", marks=NO_DEV_FULL)])
def test_lab_opens_without_a_home_folder_and_says_where_things_are_kept(
    became, monkeypatch, tmp_path, capsys, unusable
):
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv(ENDS_WITH, "")  # put back at the end
    monkeypatch.setenv("HOME", str(tmp_path / unusable))
    if unusable == "full":
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: io.FileIO("/dev/full", "w"))
    assert commands.main(["lab"]) == 0
    assert_kept_elsewhere(became, tmp_path, capsys.readouterr().err, str(tmp_path / unusable))


def test_lab_opens_for_a_user_without_a_name_and_a_home(became, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv(ENDS_WITH, "")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", dict[int, Any]().__getitem__)  # as for the user 12345 of a container
    assert commands.main(["lab"]) == 0
    assert_kept_elsewhere(became, tmp_path, capsys.readouterr().err, "Your home folder, ~,")


def assert_kept_elsewhere(became, tmp_path, said, begins):
    assert len(became) == 1
    assert os.path.dirname(os.environ["HOME"]) == str(tmp_path)
    assert begins in said
    assert os.environ["HOME"] in said
    assert said.count("\n") == 1


def test_lab_leaves_a_home_folder_alone_that_can_be_used(became, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert commands.main(["lab"]) == 0
    assert (os.environ["HOME"], capsys.readouterr().err) == (str(tmp_path), "")


@pytest.mark.parametrize(("encoding", "right"), [("ascii", "ok"), ("latin-1", "ok"), ("utf-8", "✓")])
def test_the_doctor_speaks_to_every_terminal(launch, encoding, right):
    done = launch("doctor", PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith(f"{right} ") for line in done.stdout.splitlines())


def test_to_every_terminal_right_and_wrong_look_different(launch, closed_port):
    done = launch("doctor", PYTHONUTF8="0", PYTHONIOENCODING="ascii", REDIS_URL=f"redis://127.0.0.1:{closed_port}")
    assert "\nWRONG a Redis server: " in done.stdout
    assert "\n  -> " in done.stdout
    assert (done.returncode, done.stderr) == (1, "")


# what is printed


@pytest.fixture(params=["pipe", "disk"])
def unwritable(request):
    """Where nothing can be written, as after `| head -1`, and why."""
    if request.param == "pipe":
        reader, writer = os.pipe()
        os.close(reader)
        why = "Broken pipe"
    else:
        if not Path("/dev/full").exists():
            pytest.skip("a disk that is full is Linux's")
        writer, why = os.open("/dev/full", os.O_WRONLY), "No space left on device"
    yield writer, why
    os.close(writer)


PRINTING = [["--help"], ["doctor"], ["redis", "status"], ["check", "class"], ["dashboard", "--port=0"]]


@pytest.mark.commands
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("words", PRINTING, ids=[words[0] for words in PRINTING])
def test_a_command_whose_output_cannot_be_written_says_so(
    variables, tmp_path, redis_url, unwritable, words, unbuffered
):
    (tmp_path / "class").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "class/one.ipynb")
    writer, why = unwritable
    done = subprocess.run(
        [sys.executable, "-m", "luffy_lesson", *words],
        cwd=tmp_path,
        env=variables | {"REDIS_URL": redis_url, "PYTHONUNBUFFERED": unbuffered},
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.stderr == f"What this command prints cannot be written ({why}), so it has ended.\n"
    assert done.returncode == 1


def test_another_program_is_run_where_the_shell_has_closed_the_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert wait_for([sys.executable, "-c", "raise SystemExit(3)"]) == 3


# the command line


@pytest.mark.parametrize("words", [["sail"], ["redis", "sink"], ["redis"], ["work"], ["doctor", "--what"]])
def test_an_unknown_command_shows_the_usage(launch, words):
    done = launch(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python3 -m luffy_lesson")
    assert "Traceback" not in done.stderr


def test_help_names_the_commands(launch):
    done = launch("--help")
    assert done.returncode == 0
    for command in ("lab", "test", "doctor", "work", "redis", "store", "check"):
        assert re.search(rf"^ +{command} ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("words", [[], ["lab"]])
@pytest.mark.parametrize("options", [[], ["--no-browser"], ["--port", "1234"], ["--ServerApp.x=1", "--no-browser"]])
def test_lab_passes_options_on_to_jupyter(became, words, options):
    assert commands.main([*words, *options]) == 0
    ((python, m, program, *others),) = became
    assert (python, m, program) == (sys.executable, "-m", "jupyterlab")
    assert others[len(others) - len(options) :] == options


def test_test_passes_options_on_to_both_groups_of_tests(became):
    options = ["-k", "queue", "--exitfirst", "tests/launcher"]
    assert commands.main(["test", *options]) == 0
    usual, browser = became
    assert usual == [*PYTEST, *options]
    assert browser[: len(PYTEST) + 2] == [*PYTEST, "-m", "browser"]
    assert browser[len(browser) - len(options) :] == options


@pytest.mark.parametrize("options", [["-m", "mutation"], ["-mbrowser"]])
def test_test_runs_the_group_that_is_chosen_and_no_other(became, options):
    assert commands.main(["test", *options]) == 0
    assert became == [[*PYTEST, *options]]


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_lab_allows_root_only_to_root(became, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    commands.main(["lab"])
    assert ("--allow-root" in became[0]) is allowed


@pytest.mark.parametrize("error", [RuntimeError, TimeoutError])
def test_lab_opens_even_when_the_redis_server_does_not_start(became, monkeypatch, capsys, error):
    def start(self):
        raise error("There is no server.")

    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setattr(RedisServer, "start", start)
    assert commands.main(["lab"]) == 0
    assert len(became) == 1
    assert capsys.readouterr().err == "There is no server.\nLessons 1 to 3 work without it.\n"


@pytest.mark.commands
def test_lab_opens_jupyterlab_on_the_first_page_without_news(checkout, start, server, tmp_path, eventually):
    (checkout / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(), checkout / commands.FIRST_PAGE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=x"]
    jupyter = start(*options, cwd=checkout, LUFFY_HOME=str(tmp_path))
    page = f"http://127.0.0.1:{port}/lab/tree/notebooks/00_start_here.ipynb?token="
    jupyter.wait_for(page, timeout=60)
    assert server.answers()
    html = b""

    def answers():  # it prints its address a moment before it listens
        nonlocal html
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{page}x", timeout=30) as answer:
            html = answer.read()
        return html

    eventually(answers)
    config = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', html.decode(), re.DOTALL)[1])
    assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
    assert config["treePath"] == commands.FIRST_PAGE
    jupyter.process.terminate()
    jupyter.ends()
