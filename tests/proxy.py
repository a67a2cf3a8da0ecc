"""A network that fails when a test asks it to: between a Redis client and its server, on loopback."""

import contextlib
import re
import select
import socket
import socketserver
import threading
from collections import Counter
from typing import Self
from urllib.parse import urlsplit

WAYS = {
    "cut": "the request does not arrive",
    "drop": "it arrives, and the connection is cut before the reply",
    "hang": "it arrives, and the reply never comes",
    "late": "it arrives `late` seconds later, when the client has long given up",
    "slow": "it arrives a bit later",
}


class Proxy(socketserver.ThreadingTCPServer):
    """Passes everything on, each command `away` seconds late, each reply `back`; but what is to `fail` fails, once."""

    request_queue_size = 100  # all clients come back at once
    away = back = late = 0.0

    def __init__(self, url: str, path: str | None = None) -> None:
        """Stand before the server at `url`, on a port of its own or on the Unix socket `path`."""
        parts = urlsplit(url)
        self.upstream = parts.hostname, parts.port
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        super().__init__(path or ("127.0.0.1", 0), _Connection)
        if not path:
            self.url = url.replace(f":{parts.port}", f":{self.server_address[1]}")
        self.armed: list[tuple[str, bytes]] = []
        self.failed: Counter[tuple[str, bytes]] = Counter()
        self.held = 0  # requests that will be late
        self.dropped = threading.Event()  # whether a reply has been swallowed
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=[0.05], name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()  # waits for the threads of the connections

    def fail(self, way: str, part: bytes) -> None:
        """Let the next request fail that has `part` in it: the name of a command, or a pattern of several words.

        Later ones are passed on, so a client that repeats its command is caught.
        """
        with self._lock:
            self.armed.append((way, part))

    def disarm(self) -> None:
        with self._lock:
            self.armed.clear()

    def way(self, request: bytes) -> str | None:
        """Return how this request is to fail, if it is; so it fails once."""
        with self._lock:
            for fault in self.armed:
                if re.search(rb"\r\n%b\r\n" % fault[1], request):
                    self.armed.remove(fault)
                    self.failed[fault] += 1
                    self.held += fault[0] == "late"
                    return fault[0]
        return None

    def send_late(self, upstream: socket.socket, request: bytes) -> None:
        self.closing.wait(self.late)
        try:
            upstream.sendall(request)
            upstream.recv(1 << 16)  # so it has been carried out
        finally:
            with self._lock:
                self.held -= 1


class _Connection(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        proxy, client, way = self.server, self.request, None
        with (
            contextlib.suppress(OSError),  # either side has gone away, or the server is down: the connection ends
            socket.create_connection(proxy.upstream, timeout=5) as upstream,
        ):
            while not proxy.closing.is_set():
                for source in select.select([client, upstream], [], [], 0.05)[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        way = proxy.way(data)
                        if way == "cut":
                            return
                        if way == "late":
                            proxy.send_late(upstream, data)
                            return
                        proxy.closing.wait(0.3 if way == "slow" else proxy.away)
                        upstream.sendall(data)
                    elif way in ("drop", "hang"):
                        proxy.dropped.set()
                        if way == "drop":
                            return
                    else:
                        proxy.closing.wait(proxy.back)
                        client.sendall(data)
