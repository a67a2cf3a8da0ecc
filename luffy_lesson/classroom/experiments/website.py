"""A website that blocks: it serves a few visits at a time, and refuses the others."""

import http.client
import http.server
import threading
from http import HTTPStatus
from typing import Any, ClassVar, Self


class Website:
    """A real web server on loopback that answers `429 Too Many Requests` when too many visit at once.

    There is one at a time: making another closes the one before.
    """

    open: "ClassVar[Website | None]" = None

    def __init__(self, seconds: float = 1, at_once: int = 5) -> None:
        """Open the site.

        Args:
            seconds: how long it takes to serve a visit.
            at_once: how many visits it serves at the same time.
        """
        Website.close_open()
        self.seconds, self.at_once = seconds, at_once
        self.visits = self.served = self.refused = self.most_at_once = 0
        self._now = 0
        self._counting = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self
        self._thread = threading.Thread(target=self._serve, name="Website")
        self._thread.start()
        Website.open = self

    @classmethod
    def close_open(cls) -> None:
        """Close the site that is open, if one is."""
        if Website.open:
            Website.open.close()

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def visit(self) -> str:
        """Visit the site as a browser does.

        Returns:
            The status of the answer: `200 OK` or `429 Too Many Requests`.

        Raises:
            OSError: when the site is closed, or does not answer within 30 seconds.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._server.server_port, timeout=30)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            answer.read()
            return f"{answer.status} {answer.reason}"
        finally:
            connection.close()

    def close(self) -> None:
        """Close the site; visits that are being served end at once. A second time does nothing."""
        self._closing.set()
        self._thread.join()
        if Website.open is self:
            Website.open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return (
            f"visits {self.visits}, served {self.served}, refused {self.refused}, "
            f"most served at once {self.most_at_once}"
        )

    def _serve(self) -> None:
        with self._server:  # leaving it waits for the visits
            while not self._closing.is_set() and threading.main_thread().is_alive():
                self._server.handle_request()
            self._closing.set()

    def _answer(self) -> HTTPStatus:
        with self._counting:
            self.visits += 1
            if self._now == self.at_once:
                self.refused += 1
                return HTTPStatus.TOO_MANY_REQUESTS
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        self._closing.wait(self.seconds)
        with self._counting:
            # The place is given back before the answer is sent: a visitor who has the answer may come again at once.
            self._now -= 1
            self.served += 1
        return HTTPStatus.OK


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128  # with the usual 5, some of twenty visits at once are held back by the system
    timeout = 0.1
    site: Website


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = 5  # for a visitor who connects and asks for nothing

    def do_GET(self) -> None:
        status = self.server.site._answer()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing: the site counts."""
