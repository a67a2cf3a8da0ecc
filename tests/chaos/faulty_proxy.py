"""A network that fails at a chosen point of the conversation, in a chosen way."""

import contextlib
import re
import select
import socket
import socketserver
import threading
from collections import Counter

from chaos_worker import BEAT_EVERY, GONE_AFTER
from proxy import Proxy

POINTS = {  # what a request looks like on the wire
    "put": rb"\r\nLPUSH\r\n",
    "schedule": rb"\r\nZADD\r\n\$\d+\r\nluffy:queue:scheduled\r\n",
    "promote": rb"\r\nluffy:queue:(scheduled|retry)\r\n\$11\r\nluffy:queue\r\n",
    "fetch": rb"\r\nB?LMOVE\r\n",
    "acknowledge": rb"\r\nLREM\r\n",
    "retry": rb"\r\nluffy:queue:in_flight:\w+\r\n\$17\r\nluffy:queue:retry\r\n",
    "put back": rb"\r\nluffy:queue:in_flight:\w+\r\n\$11\r\nluffy:queue\r\n",
    "beat": rb"\r\nZADD\r\n\$\d+\r\nluffy:queue:hearts\r\n",
}
WAYS = {
    "cut": "the request does not arrive",
    "drop": "it arrives, and the connection is cut before the reply",
    "hang": "it arrives, and the reply never comes",
    "late": "it arrives when the client has given up, and its heart is long taken for stopped",
    "slow": "it arrives a bit later",
}


class FaultyProxy(Proxy):
    """Passes everything on, until `arm` is called."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.RequestHandlerClass = _Connection
        self.armed: list[tuple[str, str]] = []
        self.fired: Counter[tuple[str, str]] = Counter()
        self.held = 0  # requests that will be late
        self.lock = threading.Lock()

    def arm(self, point: str, way: str) -> None:
        """Let the next request at `point` fail in that way."""
        with self.lock:
            self.armed.append((point, way))

    def disarm(self) -> None:
        with self.lock:
            self.armed.clear()

    def fault(self, data: bytes) -> str | None:
        """Return how this request is to fail, if it is; so it fails once."""
        with self.lock:
            for fault in self.armed:
                if re.search(POINTS[fault[0]], data):
                    self.armed.remove(fault)
                    self.fired[fault] += 1
                    self.held += fault[1] == "late"
                    return fault[1]
        return None

    def hold(self, seconds: float) -> None:
        self.closing.wait(seconds)


class _Connection(socketserver.BaseRequestHandler):
    server: FaultyProxy

    def handle(self) -> None:
        with (
            contextlib.suppress(OSError),  # either side has gone away, or the server is down: the connection ends
            socket.create_connection(self.server.upstream, timeout=5) as upstream,
        ):
            client, way = self.request, None
            while not self.server.closing.is_set():
                for source in select.select([client, upstream], [], [], 0.1)[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        way = self.server.fault(data)
                        if way == "cut":
                            return
                        if way == "slow":
                            self.server.hold(0.3)
                        if way == "late":
                            self.send_late(upstream, data)
                            return
                        upstream.sendall(data)
                    elif way == "drop":
                        return
                    elif way != "hang":
                        client.sendall(data)

    def send_late(self, upstream: socket.socket, data: bytes) -> None:
        self.server.hold(2 + GONE_AFTER + 2 * BEAT_EVERY)  # the client gives up after 2; then its heart beats no more
        try:
            upstream.sendall(data)
            upstream.recv(1 << 16)  # so it has been carried out
        finally:
            with self.server.lock:
                self.server.held -= 1
