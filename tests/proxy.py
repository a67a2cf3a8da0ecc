"""A network that fails when a test asks it to: between a Redis client and its server, on loopback."""

import contextlib
import select
import socket
import socketserver
import threading
from typing import Self
from urllib.parse import urlsplit


class Proxy(socketserver.ThreadingTCPServer):
    """Passes everything on, except one reply; each command `away` seconds late, each reply `back`.

    Set `drop` to the name of a command: the next one reaches the server, its reply is swallowed, and the connection is
    closed, or with `hang` left open and silent. Later commands of that name are passed on, so a client that repeats its
    command is caught.
    """

    request_queue_size = 100  # all clients come back at once
    drop: bytes | None = None
    hang = False
    away = back = 0.0

    def __init__(self, url: str, path: str | None = None) -> None:
        """Stand before the server at `url`, on a port of its own or on the Unix socket `path`."""
        parts = urlsplit(url)
        self.upstream = parts.hostname, parts.port
        self.address_family = socket.AF_UNIX if path else socket.AF_INET
        super().__init__(path or ("127.0.0.1", 0), _Connection)
        if not path:
            self.url = url.replace(f":{parts.port}", f":{self.server_address[1]}")
        self.dropped = threading.Event()
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=[0.05], name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()  # waits for the threads of the connections


class _Connection(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        client, swallow = self.request, False
        with (
            socket.create_connection(self.server.upstream, timeout=5) as upstream,
            contextlib.suppress(ConnectionError),  # either side has gone away: the connection ends
        ):
            while not self.server.closing.is_set():
                for source in select.select([client, upstream], [], [], 0.05)[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        if self.server.drop and b"\r\n%b\r\n" % self.server.drop in data:
                            self.server.drop, swallow = None, True
                        self.server.closing.wait(self.server.away)
                        upstream.sendall(data)
                    elif not swallow:
                        self.server.closing.wait(self.server.back)
                        client.sendall(data)
                    else:
                        self.server.dropped.set()
                        if not self.server.hang:
                            return
