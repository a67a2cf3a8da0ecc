"""A dashboard that is really served, of an empty database; and what others may have written there."""

import asyncio
import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
import pytest
import redis
from tornado.httpserver import HTTPServer

from luffy_lesson.dashboard import web
from luffy_lesson.host.steps import step
from luffy_lesson.step10_process import Busy, Message, ProcessInfo


class Answer(NamedTuple):
    """What the dashboard has answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def rows(self) -> list[list[str]]:
        """The texts in the cells of each row of its tables."""
        bodies = "".join(re.findall("<tbody>(.*?)</tbody>", self.text, re.DOTALL))
        rows = [
            re.findall("<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)
            for row in re.findall("<tr.*?</tr>", bodies, re.DOTALL)
        ]
        return [[" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in row] for row in rows]

    def key(self, button: str, job: str = "") -> str:
        """The value of the first button of that name, of that job."""
        return re.search(f'name="{button}" value="(\\w+)"[^>]*aria-label="\\w+ {re.escape(job)}', self.text)[1]


class Site:
    """Asks the dashboard, as a browser does that keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, cookies | form | headers)
        got = connection.getresponse()
        answer = Answer(got.status, got.headers, got.read().decode())
        connection.close()
        for line in got.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def get(self, path: str = "/", **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, token: bool = True, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        """Press a button. Where that leads to another page, return that."""
        if token:
            fields["_xsrf"] = re.search('name="_xsrf" value="([^"]*)"', self.get(path).text)[1]
        answer = self.ask("POST", path, urlencode(fields), **headers or {})
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer


def serve(backend: Any) -> Iterator[Site]:
    """Serve the dashboard of a backend in a thread."""
    ready, port, ending = threading.Event(), 0, asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        nonlocal port
        sockets = web.listen(0)
        port = sockets[0].getsockname()[1]
        server = HTTPServer(web.application(backend))
        server.add_sockets(sockets)
        ready.set()
        await ending.wait()
        server.stop()
        await server.close_all_connections()
        await loop.shutdown_default_executor()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(30)
    yield Site(port)
    loop.call_soon_threadsafe(ending.set)
    thread.join(30)
    loop.close()


@pytest.fixture
def backend(redis_url: str) -> Any:
    """An empty backend of the newest step."""
    return step().RedisBackend()


@pytest.fixture
def site(backend: Any) -> Iterator[Site]:
    """The dashboard of that."""
    yield from serve(backend)


def dead(number: int, **more: Any) -> bytes:
    """A dead job as it is kept."""
    failure = {"error": "OSError", "message": "OSError: the site is busy", "at": time.time() - 60, "tries": 26}
    return json.dumps({"worker": "Note", "args": [number], "id": f"{number:024x}", "failure": failure} | more).encode()


@pytest.fixture
def bury(raw: redis.Redis) -> Callable[..., None]:
    """Let jobs be dead, the first one last."""

    def bury(*entries: bytes) -> None:
        now = time.time()
        raw.zadd("luffy:queue:dead", {entry: now - place for place, entry in enumerate(entries)})

    return bury


@pytest.fixture
def register(raw: redis.Redis) -> Callable[..., None]:
    """Let there be a process, as one says that it is there."""

    def register(identity: str, **more: Any) -> None:
        now = time.time()
        usual = {"host": "ship", "pid": 4711, "queues": {"default": None}, "concurrency": 5, "started": now - 3700}
        entry = ProcessInfo(**{"id": identity, **usual, "quiet": False, "busy": []} | more)
        raw.zadd("luffy:queue:processes", {identity: now + 60})
        raw.hset("luffy:queue:processes:info", identity, msgspec.json.encode(entry))

    return register


def busy(processor: str, payload: bytes, seconds: float) -> Busy:
    """A job that a processor has had in hand for so many seconds."""
    return Busy(processor, Message(payload), time.time() - seconds)
