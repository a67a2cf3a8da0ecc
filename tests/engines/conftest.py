"""What the tests of the engines share: workers in a file, and what they have noted."""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from servers import certified, program

from luffy_lesson.host.redis_server import free_port
from luffy_lesson.step3_memory_queue import Luffy, Processor
from luffy_lesson.step11_engines import engine


@pytest.fixture
def jobs(registry, notes, monkeypatch):
    """The workers of `engine_jobs.py`, which the engine's program imports as well."""
    monkeypatch.delitem(sys.modules, "engine_jobs", raising=False)
    return importlib.import_module("engine_jobs")


class Notes:
    """What the workers have noted."""

    def __init__(self, path):
        self.path = path

    def __call__(self):
        text = self.path.read_text() if self.path.exists() else ""
        return text[: text.rfind("\n") + 1].splitlines()  # the last one may be half written


@pytest.fixture
def backend(engine, redis_url, jobs):
    """The engine that a test is about, on Redis."""
    Luffy.backend = engine(redis_url)
    return Luffy.backend


@pytest.fixture
def notes(tmp_path, monkeypatch):
    path = tmp_path / "notes.txt"
    monkeypatch.setenv("NOTES", str(path))
    return Notes(path)


@pytest.fixture
def go(tmp_path) -> Path:
    """A file that is not there yet: until then, `Long` works."""
    return tmp_path / "go"


@pytest.fixture
def start():
    """Start the program of `Luffy.backend`, and have stopped it when the test is over."""
    yield lambda count=2: Processor.start(count)
    pool, Processor.pool = Processor.pool, None
    if pool:
        pool.stop(timeout=30)


@pytest.fixture(autouse=True)
def no_connection_left():
    yield
    if hasattr(Luffy.backend, "close"):
        Luffy.backend.close()
    Luffy.backend = None


@pytest.fixture(scope="session")
def rabbitmq_server():
    """A RabbitMQ of this test process's own: its address, that with TLS, and its certificate."""
    program("rabbitmq-server")  # or the test is skipped
    with contextlib.ExitStack() as stack:
        for tries in range(1, 4):
            try:
                addresses = stack.enter_context(rabbitmq_of_its_own())
                break
            except RuntimeError as error:  # it takes its ports seconds after they were found free
                if "eaddrinuse" not in str(error) or tries == 3:
                    raise
        yield addresses


@contextlib.contextmanager
def rabbitmq_of_its_own():
    """Start a RabbitMQ of which everything is in a folder, and on loopback."""
    # Debian's command of this name starts the system's own, as another user.
    command = next(filter(os.path.exists, ["/usr/lib/rabbitmq/bin/rabbitmq-server"]), "rabbitmq-server")
    port, tls, among_nodes, names = free_port(), free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(dir=os.environ["LUFFY_HOME"]) as folder:
        lines = [f"listeners.tcp.1 = 127.0.0.1:{port}", "default_user = luffy", "default_pass = secret"]
        lines += ["log.console = true", "log.file = false", "disk_free_limit.absolute = 10MB"]
        cert, key = certified(Path(folder))
        lines += [f"listeners.ssl.{number} = 127.0.0.{number}:{tls}" for number in (1, 2)]
        lines += [f"ssl_options.certfile = {cert}", f"ssl_options.keyfile = {key}", f"ssl_options.cacertfile = {cert}"]
        Path(folder, "plugins").write_text("[].")
        Path(folder, "rabbitmq.conf").write_text("\n".join([*lines, ""]))
        own = {
            "HOME": folder,  # where its cookie is
            "RABBITMQ_NODENAME": f"test{port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_DIST_PORT": str(among_nodes),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        process = subprocess.Popen(
            [sys.executable, "-I", engine.GUARD, "sh", "-c", 'epmd & exec "$0"', command],
            env=os.environ | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if "startup complete" in line:
                    break
            else:
                raise RuntimeError("".join(said[-20:]))
            yield f"amqp://luffy:secret@127.0.0.1:{port}", f"amqps://luffy:secret@127.0.0.1:{tls}", cert
        finally:
            process.communicate()  # closes its standard input


QUEUES = ["luffy.celery", "luffy.celery.dead", "luffy.dramatiq", "luffy.dramatiq.DQ", "luffy.dramatiq.XQ"]


@pytest.fixture
def rabbitmq(rabbitmq_server):
    """The address of a RabbitMQ that has no job."""
    import pika  # here: the default run has no engines

    address, *_ = rabbitmq_server
    yield address
    connection = pika.BlockingConnection(pika.URLParameters(address))
    with contextlib.closing(connection), connection.channel() as channel:
        for queue in QUEUES:
            channel.queue_delete(queue)
