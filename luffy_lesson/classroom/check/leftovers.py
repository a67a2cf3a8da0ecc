"""What a check leaves on the Redis server: its code tells what it makes there, and that is taken away afterwards.

A key or a function that the code has not made is the notebook's, and stays, also one that came meanwhile.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import redis
from redis.connection import AbstractConnection

from luffy_lesson import redis_client
from luffy_lesson.classroom.check.connection import SILENT, guard
from luffy_lesson.classroom.check.processes import GREETINGS, first_command
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.step4_redis_queue import RedisBackend

LONGEST = 300
"""How long the name of a key may be, in bytes, to be noted."""

LIBRARY = re.compile(rb"#!\w+ name=(\w+)")
"""How the source of a library of functions begins."""

CHECKS_OWN = re.compile(rb"luffy:check:[0-9a-f]{8}")
"""How the keys begin that a check gives to an answer."""

LISTS = {b"LINDEX", b"LPUSH", b"LRANGE", b"LREM", b"LTRIM", b"RPUSH"}
OTHERS = {b"EXPIRE", b"HSET", b"PEXPIRE", b"SADD", b"SET", b"SREM"}
SORTED_SETS = {b"ZADD", b"ZRANGE", b"ZRANGEBYSCORE", b"ZREM", b"ZREMRANGEBYSCORE", b"ZSCORE"}
ONE_KEY = LISTS | OTHERS | SORTED_SETS
"""Commands of which it is known that the first thing that they say is a key, and the others are none."""

EMPTIES = {b"FLUSHALL", b"FLUSHDB", b"FLUSH"}
"""Commands that would take all keys, or all functions, of the notebook."""

Check = Callable[[Any], Steps]


@contextlib.contextmanager
def taken_away() -> Iterator[Callable[[Check], Check]]:
    """Return what makes of a check one that notes what its code makes on the server; at the end, take that away.

    Raise redis.RedisError when the server does not answer.
    """
    with tempfile.TemporaryFile("a+b", 0) as notes, _connect() as connection:
        connection.ping()
        libraries = _libraries(connection)
        try:
            yield lambda steps: lambda answer: _noted(notes.fileno(), connection, steps(answer))
        finally:
            notes.seek(0)
            lines = set(notes.read().splitlines())
            _delete_keys(connection, {bytes.fromhex(line[4:].decode()) for line in lines if line.startswith(b"key ")})
            for name in {line[9:].decode() for line in lines if line.startswith(b"function ")}:
                _put_back(connection, name, libraries.get(name))


def _connect() -> redis.Redis:
    try:
        return redis.Redis.from_url(redis_client.address(), protocol=2, socket_timeout=2, **SILENT)
    except ValueError as error:  # an address that is none
        raise redis.ConnectionError(str(error)) from error


def _noted(notes: int, asking: redis.Redis, steps: Steps) -> Steps:
    """Return the steps of a check, in whose process each name that is new on the server is noted before it is sent."""
    usual, known, pool = AbstractConnection.send_packed_command, set[bytes](), asking.connection_pool
    pool.connection_class = type("Asking", (pool.connection_class,), {"send_packed_command": usual})

    def send(self: Any, command: Any, *args: Any, **options: Any) -> Any:
        data = b"".join(command) if isinstance(command, list | tuple) else command
        names = set[bytes]()
        for parts in commands(data):
            does = parts[0].upper()
            if does in GREETINGS:
                continue
            guard(parts)
            if found := EMPTIES.intersection((does, *parts[1:2])):
                raise Wrong("other keys to be left alone", found.pop().decode(), "which keys are the answer's own?")
            names.update(parts[1:2] if does in ONE_KEY else parts[1:])  # keys are among them
        names = {name for name in names - known if 0 < len(name) <= LONGEST}
        for name in _not_there(asking, names):
            os.write(notes, f"key {name.hex()}\n".encode())
        known.update(names)  # only now: another thread may send them too, and must not before they are noted
        for name in LIBRARY.findall(data):
            os.write(notes, b"function " + name + b"\n")
        return usual(self, command, *args, **options)  # type: ignore[no-untyped-call]

    AbstractConnection.send_packed_command = send  # type: ignore[method-assign]  # the process is a throw-away one
    yield from steps


def _not_there(asking: redis.Redis, names: set[bytes]) -> list[bytes]:
    """Return of which names there is nothing on the server, or only what a check has made."""
    others = [name for name in names if not CHECKS_OWN.match(name)]
    if not others:
        return [*names]
    requests = asking.pipeline(transaction=False)
    for name in others:
        requests.exists(name)
    # An error is that of a user who may not ask: such a key is not the user's to make, either.
    there = [name for name, answer in zip(others, requests.execute(raise_on_error=False), strict=True) if answer != 0]
    return [*names.difference(there)]


def commands(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """Yield commands, the name of each and what else it says, from how they travel."""
    at = 0
    while found := first_command(data, at):
        command, at = found
        yield command


def _delete_keys(connection: redis.Redis, names: set[bytes]) -> None:
    """Delete the keys of these names, and all that begin as one that a check gives. Those of the queues stay."""
    given = tuple({found[0] for name in names if (found := CHECKS_OWN.match(name))})
    if given:  # a script makes keys whose names have not been sent
        names = names.union(key for key in connection.scan_iter("luffy:check:*", 1000) if key.startswith(given))
    queues = tuple(queues_of(RedisBackend))
    if keys := [name for name in names if not name.startswith(queues)]:
        connection.unlink(*keys)


def queues_of(backend: type[RedisBackend]) -> set[bytes]:
    """Return how the keys of the notebook's own queues begin: those of a class of backends, and of all made of it."""
    return {backend.key.encode()}.union(*map(queues_of, backend.__subclasses__()))


def _libraries(connection: redis.Redis) -> dict[str, str]:
    """Return the sources of the server's functions, by the name of the library."""
    try:
        found: Any = connection.function_list(withcode=True)
    except redis.ResponseError:  # before Redis 7, or not for this user
        return {}
    described = ([_text(part) for part in library] for library in found)
    pairs = (dict(zip(parts[::2], parts[1::2], strict=True)) for parts in described)
    return {library["library_name"]: library["library_code"] for library in pairs}


def _text(thing: Any) -> Any:
    return thing.decode() if isinstance(thing, bytes) else str(thing)


def _put_back(connection: redis.Redis, name: str, source: str | None) -> None:
    """Make a library of functions what it was: of that source, or not there."""
    with contextlib.suppress(redis.ResponseError):  # it was not loaded, for its source is wrong
        if source is None:
            connection.function_delete(name)
        else:
            connection.function_load(source, replace=True)
