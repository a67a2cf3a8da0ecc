"""The connections of a check: what happens between two commands of an answer can be chosen here."""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

import redis
from redis.client import Pipeline

from luffy_lesson import redis_client
from luffy_lesson.classroom.check.sandbox import Wrong
from luffy_lesson.classroom.check.waiting import SOON
from luffy_lesson.step4_redis_queue import RedisBackend


class Guarded(redis.Redis):
    """A connection that leaves the notebook's own queue alone, also when an answer names it."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command. Raise `Wrong` when it is about that queue."""
        guard(args)
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


class Observed(Guarded):
    """A connection that counts its commands, and calls a function with the number of each before it sends it."""

    commands = 0
    before: Callable[[int], None] | None = None

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        self.begin()
        return super().execute_command(*args, **options)

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Pipeline:
        """Return a pipeline whose commands are counted as well."""
        made = ObservedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.owner, made.in_one_step = self, bool(transaction)
        return made

    def begin(self) -> None:
        """Count a command."""
        self.commands += 1
        if self.before:
            self.before(self.commands)


class ObservedPipeline(Pipeline):
    """A pipeline of an observed connection. A transaction is one command; without one, each is a command of its own."""

    owner: Observed
    in_one_step: bool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Keep a command for later, or send it. Raise `Wrong` when it is about the notebook's own queue."""
        guard(args)
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        self.owner.begin()
        return super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was kept."""
        if self.in_one_step or self.explicit_transaction:
            if self.command_stack:
                self.owner.begin()
            return super().execute(raise_on_error)
        commands, self.command_stack = self.command_stack, []
        return [self.owner.execute_command(*args, **options) for args, options in commands]


class Killed(BaseException):
    """The process of an answer is gone."""


class Rival:
    """Somebody who acts between two commands of an answer, in a thread: who holds a lock meanwhile hinders nobody."""

    act: Callable[[], Any]

    def __init__(self) -> None:
        self._answers: list[Any] = []
        self._thread = threading.Thread(target=lambda: self._answers.append(self.act()), name="the check's own")
        self.begun = False

    def begin(self) -> None:
        """Act. Return when that is done, or waits for something."""
        self.begun = True
        self._thread.start()
        self._thread.join(0.5)

    def answer(self) -> Any:
        """Return the answer of `act`, which is called now if it was not before. Raise `Wrong` when it never ends."""
        if not self._thread.ident:
            self._thread.start()
        self._thread.join(SOON)
        if self._thread.is_alive():
            raise Wrong("two at the same time to end", "one waits for ever", "for what does it wait?")
        return self._answers[0] if self._answers else None


def kills() -> Iterator[Observed]:
    """Yield connections of processes that are killed before their first command, their second, and so on.

    The last one is not killed any more.
    """
    for number in itertools.count(1):
        connection = connect(Observed)

        def before(command: int, number: int = number) -> None:
            if command >= number:
                raise Killed

        connection.before = before
        yield connection
        if connection.commands < number:
            return


def rivals() -> Iterator[tuple[Observed, Rival]]:
    """Yield connections, each with somebody who acts before its first command, its second, and so on.

    The last one has no such command any more: its rival acts when it is asked for the answer.
    """
    for number in itertools.count(1):
        connection, rival = connect(Observed), Rival()

        def before(command: int, number: int = number, rival: Rival = rival) -> None:
            if command == number:
                rival.begin()

        connection.before = before
        yield connection, rival
        if not rival.begun:
            return


def guard(args: tuple[Any, ...]) -> None:
    """Raise `Wrong` when a command is about the notebook's own queue."""
    names = [name for arg in args[1:] for name in (arg if isinstance(arg, list | tuple) else [arg])]
    if RedisBackend.key in map(text, names):
        raise Wrong("the key that it was given", RedisBackend.key, "which key does the command name?")


def connect(kind: type[Any] = Guarded) -> Any:
    """Return a connection to the server of `$REDIS_URL`."""
    return kind.from_url(redis_client.address(), protocol=2, socket_timeout=2 * SOON)


def new_key() -> str:
    """Return a key that nobody else uses."""
    return f"luffy:check:{secrets.token_hex(4)}"


def keys(connection: Any, start: str) -> list[Any]:
    """Return the keys that begin so."""
    return list(connection.scan_iter(f"{start}*", count=1000))


def text(thing: Any) -> Any:
    """Return a payload as text, whether it is text or bytes."""
    return thing.decode() if isinstance(thing, bytes) else thing


def texts(things: list[Any]) -> list[Any]:
    """Return payloads as texts."""
    return [text(thing) for thing in things]


class Rehashed(str):
    """A text whose `hash` is that which an equal one has in another process."""

    def __hash__(self) -> int:
        return ~super().__hash__()


def nth(number: int) -> str:
    """Return the word for a place in a row."""
    return ["first", "second", "third"][number - 1] if number <= 3 else f"{number}th"
