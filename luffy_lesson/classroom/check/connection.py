"""The connections of a check: they leave the notebook's own queue alone."""

import secrets
from typing import Any

import redis

from luffy_lesson import redis_client
from luffy_lesson.classroom.check.sandbox import Wrong
from luffy_lesson.classroom.check.waiting import SOON
from luffy_lesson.step4_redis_queue import RedisBackend

SILENT: dict[str, Any] = {"driver_info": None} if hasattr(redis, "DriverInfo") else {}
"""Options of a client that does not say who it is: it would read that from a file, each time that it connects."""


class Guarded(redis.Redis):
    """A connection that leaves the notebook's own queue alone, also when an answer names it."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command. Raise `Wrong` when it is about that queue."""
        guard(args)
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


def guard(args: tuple[Any, ...]) -> None:
    """Raise `Wrong` when a command is about the notebook's own queue."""
    names = [name for arg in args[1:] for name in (arg if isinstance(arg, list | tuple) else [arg])]
    if RedisBackend.key in map(text, names):
        raise Wrong("the key that it was given", RedisBackend.key, "which key does the command name?")


def connect(url: str = "") -> Any:
    """Return a connection to the server of an address, else to that of `$REDIS_URL`."""
    return Guarded.from_url(url or redis_client.address(), protocol=2, socket_timeout=2 * SOON, **SILENT)


def new_key() -> str:
    """Return a key that nobody else uses."""
    return f"luffy:check:{secrets.token_hex(4)}"


def keys(connection: Any, start: str) -> list[Any]:
    """Return the keys that begin so."""
    return list(connection.scan_iter(f"{start}*", count=1000))


def text(thing: Any) -> Any:
    """Return a payload as text, whether it is text or bytes."""
    return thing.decode(errors="surrogateescape") if isinstance(thing, bytes) else thing


def texts(things: list[Any]) -> list[Any]:
    """Return payloads as texts."""
    return [text(thing) for thing in things]


def short(thing: Any) -> str:
    """Return a payload to be read, of a long one the beginning."""
    shown = repr(text(thing))
    return shown if len(shown) <= 40 else f"{shown[:39]}…"


class Rehashed(str):
    """A text whose `hash` is that which an equal one has in another process."""

    def __hash__(self) -> int:
        return ~super().__hash__()


def nth(number: int) -> str:
    """Return the word for a place in a row."""
    return ["first", "second", "third"][number - 1] if number <= 3 else f"{number}th"
