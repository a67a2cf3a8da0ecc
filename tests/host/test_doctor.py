"""The doctor says what is wrong, and what mends it."""

import platform
import re
import socket
import sys
import sysconfig
import webbrowser

import pytest

from luffy_lesson.host import doctor


def finding(name, output):
    """The line of `doctor` about `name`, and the line below it."""
    lines = output.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line[2:].startswith(name)]
    return [*lines, ""][at : at + 2]


def test_doctor_finds_nothing_wrong_here(launch):
    done = launch("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith("✓ ") for line in done.stdout.splitlines())
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in finding("Python", done.stdout)[0]
    assert "redis " in finding("the packages", done.stdout)[0]
    assert "of the lesson, <RedisBackend 127.0.0.1:" in finding("a Redis server", done.stdout)[0]
    assert "8888" in finding("a port", done.stdout)[0]
    assert len(done.stdout.splitlines()) <= 8


def test_doctor_says_how_to_mend_a_redis_url_that_does_not_answer(launch, closed_port):
    done = launch("doctor", REDIS_URL=f"redis://:secret@127.0.0.1:{closed_port}/0")
    wrong, mend = finding("a Redis server", done.stdout)
    assert wrong.startswith("✗ ")
    assert re.match("  → .*REDIS_URL", mend)
    assert (done.returncode, done.stderr) == (1, "")
    assert "secret" not in done.stdout


@pytest.mark.parametrize(
    ("module", "name", "value", "kind"),
    [
        (sysconfig, "get_config_var", lambda name: name == "Py_GIL_DISABLED", "the free-threaded build of CPython 3."),
        (platform, "python_implementation", lambda: "PyPy", "PyPy 3."),
        (sys, "version_info", (3, 10, 13), "CPython 3."),
        (sys, "version_info", (3, 15, 0), "CPython 3."),
    ],
    ids=["free-threaded", "PyPy", "3.10", "3.15"],
)
def test_doctor_says_which_pythons_will_do(monkeypatch, module, name, value, kind):
    monkeypatch.setattr(module, name, value)
    found = doctor.python()
    monkeypatch.undo()
    assert (found.right, found.name) == (False, "Python 3.11 to 3.14")
    assert found.mend.startswith(f"This is {kind}")
    assert "Install CPython 3.11 to 3.14" in found.mend


def test_doctor_says_how_to_mend_packages_and_do_without_a_browser(monkeypatch, capsys):
    def no_browser():
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", no_browser)
    monkeypatch.setattr(doctor, "missing", lambda text: ["tea>=9"])
    assert doctor.doctor() == 1
    output = capsys.readouterr().out
    assert finding("the packages", output)[1].startswith("  → Missing: tea>=9.")
    assert finding("the tests' packages", output)[0].startswith("✓ ")  # a learner needs none of them
    assert "open the address that Jupyter prints" in finding("a browser", output)[0]


@pytest.mark.commands
@pytest.mark.parametrize("address", ["redis://:{}@{}/0", "redis://{1}/0?password={0}"])
def test_doctor_never_prints_a_password(launch, redis_url, address):
    password, place = re.fullmatch(r"redis://:(\w+)@([\d.:]+)/\d+", redis_url).groups()
    done = launch("doctor", REDIS_URL=address.format(password, place))
    assert finding("a Redis server", done.stdout)[0].startswith("✓ ")
    assert password not in done.stdout + done.stderr


@pytest.mark.commands
def test_doctor_does_not_print_a_password_that_breaks_the_address(launch):
    done = launch("doctor", REDIS_URL="redis://:hidden#hidden@127.0.0.1:6379/0")
    assert finding("a Redis server", done.stdout)[0].startswith("✗")
    assert "hidden" not in done.stdout + done.stderr


def test_doctor_says_that_a_taken_port_does_no_harm(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect_ex", lambda probe, address: int(address != ("127.0.0.1", 8888)))
    assert doctor.port().right
    assert "8888 is taken" in doctor.port().detail
