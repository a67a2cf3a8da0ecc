"""The dashboard as a web page, on loopback: `python3 -m luffy_lesson dashboard`."""

import asyncio
import errno
import math
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import redis
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from luffy_lesson import redis_client
from luffy_lesson.dashboard import snapshot
from luffy_lesson.dashboard.snapshot import PAGE, Snapshot, duration

HERE = Path(__file__).parent
LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
NAMES = {"localhost", "127.0.0.1", "[::1]"}
"""How a browser on this machine asks for the page. Another name is that of a website which leads here."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SAID = "luffy_said"
"""The cookie in which a page is told what has come of an action."""

WRONG = {
    403: "This did not come from a page of this dashboard. Open it anew, and try again.",
    404: "There is no such page.",
}


class Guarded(RequestHandler):
    """Answers to this machine only, and lets nothing run in the page but what is of the page."""

    def set_default_headers(self) -> None:
        """Set what each answer has."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse what asks for another host, as a website does that has made its name lead here."""
        if self.request.host_name.lower() not in NAMES:
            raise HTTPError(403, f"This dashboard is on {' and '.join(sorted(NAMES))} only.")

    async def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what a function of the backend returns, called in another thread: the server may take its time."""
        backend = self.settings["backend"]
        try:
            return await IOLoop.current().run_in_executor(None, function, backend, *args)
        except redis.RedisError as error:
            where = redis_client.place(backend.redis)
            raise HTTPError(503, f"{where}: {redis_client.sentence(error, backend.redis, backend._needs)}") from None

    def log_exception(self, *error: Any) -> None:
        """Log what is a fault of ours. What is none, the page says."""
        if not isinstance(error[1], HTTPError):
            super().log_exception(*error)

    def write_error(self, status_code: int, **how: Any) -> None:
        """Say in a sentence what is wrong."""
        error = how.get("exc_info", (None, None))[1]
        sentence = WRONG.get(status_code, f"{status_code}: {self._reason}.")
        if isinstance(error, HTTPError) and error.log_message and not error.log_message.startswith("'_xsrf'"):
            sentence = error.log_message
        if status_code == 503:
            self.set_header("Refresh", "3")  # seconds
        self.render("error.html", sentence=sentence)


class Missing(Guarded):
    """A page that there is not."""

    def prepare(self) -> None:
        """Say so."""
        super().prepare()
        raise HTTPError(404)


class File(Guarded, StaticFileHandler):
    """A file that belongs to the page."""


class Page(Guarded):
    """A page, and the actions on it."""

    async def get(self, state: str = "") -> None:
        """Show it."""
        said = (self.get_signed_cookie(SAID) or b"").decode()
        if said:
            self.clear_cookie(SAID)
        now: Snapshot = await self.ask(snapshot.take)
        pages = max(1, math.ceil(getattr(now, state) / PAGE)) if state else 1
        page = min(self.page(), pages)
        jobs = await self.ask(snapshot.kept, state, (page - 1) * PAGE) if state else []
        more = {"state": state, "now": now, "jobs": jobs, "page": page, "pages": pages, "said": said}
        self.render("jobs.html" if state else "overview.html", **more)

    async def post(self, state: str = "") -> None:
        """Do what a button says, and show the page again."""
        what = next((name for name in ("retry", "delete", "quiet") if self.get_argument(name, "")), None)
        if what is None:
            raise HTTPError(400)
        said = await self.ask(snapshot.act, what, self.get_argument(what), (self.page() - 1) * PAGE)
        self.set_signed_cookie(SAID, said, expires_days=None, httponly=True, samesite="Strict")
        self.redirect(self.request.uri or "/", status=303)  # with the same place in it: a browser keeps that

    def page(self) -> int:
        """Return the number of the page, at least 1."""
        number = self.get_query_argument("page", "1")
        return max(1, int(number)) if number.isdecimal() and len(number) < 10 else 1

    def get_template_namespace(self) -> dict[str, Any]:
        """Return what templates know."""
        more = {"duration": duration, "place": redis_client.place(self.settings["backend"].redis)}
        return super().get_template_namespace() | more | {"clock": time.strftime("%H:%M:%S")}


class Metrics(Guarded):
    """The numbers, for Prometheus."""

    async def get(self) -> None:
        """Return them in its text format."""
        numbers = Numbers(await self.ask(snapshot.take))
        self.set_header("Content-Type", prometheus_client.CONTENT_TYPE_LATEST)
        self.finish(prometheus_client.generate_latest(numbers))


class Numbers(Collector):
    """The numbers of a snapshot as metrics."""

    def __init__(self, now: Snapshot) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        lengths = GaugeMetricFamily("luffy_queue_jobs", "Jobs that wait.", labels=["queue"])
        waited = "How long the next job has waited."
        latencies = GaugeMetricFamily("luffy_queue_latency_seconds", waited, labels=["queue"])
        for queue in self.now.queues:
            lengths.add_metric([queue.name], queue.length)
            latencies.add_metric([queue.name], queue.latency)
        yield from (lengths, latencies)
        yield GaugeMetricFamily("luffy_processes", "Processes that take jobs.", len(self.now.processes))
        yield GaugeMetricFamily("luffy_processors", "Their processors.", self.now.processors)
        yield GaugeMetricFamily("luffy_busy_processors", "Processors with a job in hand.", self.now.busy)
        yield GaugeMetricFamily("luffy_scheduled_jobs", "Jobs that are not due yet.", self.now.scheduled)
        yield GaugeMetricFamily("luffy_retrying_jobs", "Jobs that will be tried again.", self.now.retrying)
        yield GaugeMetricFamily("luffy_dead_jobs", "Jobs that were given up.", self.now.dead)
        yield CounterMetricFamily("luffy_expired_jobs", "Jobs that came too late to be performed.", self.now.expired)


def application(backend: Any) -> Application:
    """Return the web application that shows `backend`, a `RedisBackend` of step 10 or later."""
    return Application(
        [
            (r"/", Page),
            (r"/(scheduled|retrying|dead)", Page),
            (r"/metrics", Metrics),
            (r"/static/(.*)", File, {"path": HERE / "static"}),
        ],
        backend=backend,
        default_handler_class=Missing,
        template_path=HERE / "templates",
        cookie_secret=secrets.token_hex(),
        xsrf_cookies=True,
        xsrf_cookie_name="luffy_xsrf",  # Jupyter, on another port of the same host, has one of the usual name
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Strict"},
        log_function=lambda handler: None,
    )


def listen(port: int) -> list[socket.socket]:
    """Return sockets on loopback that listen on `port`, 0 for a free one. Exit with a sentence when it is taken."""
    found: list[socket.socket] = []
    for address, family in LOOPBACK.items():
        try:
            found.append(socket.create_server((address, found[0].getsockname()[1] if found else port), family=family))
            found[-1].setblocking(False)
        except OSError as error:
            if found and error.errno != errno.EADDRINUSE:
                continue  # this machine has no IPv6
            for one in found:
                one.close()
            why = os.strerror(error.errno or 0)
            sys.exit(f"Port {port} cannot be used ({why}). Give another: --port N; 0 finds a free one.")
    return found


async def _serve(backend: Any, sockets: list[socket.socket]) -> None:
    server = HTTPServer(application(backend), max_body_size=2**16)
    server.add_sockets(sockets)
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    host, port = sockets[0].getsockname()
    print(f"The dashboard of {backend!r} is at http://{host}:{port}/ Ctrl-C ends it.", flush=True)
    await ending.wait()
    server.stop()
    await server.close_all_connections()


def serve(backend: Any, port: int) -> None:
    """Show `backend` on a port of loopback, until the process is interrupted or terminated.

    Raise SystemExit with a sentence when the port is taken.
    """
    asyncio.run(_serve(backend, listen(port)))
