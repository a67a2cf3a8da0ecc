"""The check of exercise 2 of lesson 11."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import Rehashed
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Process
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong, counted
from luffy_lesson.classroom.check.waiting import SOON, Function, clock_set, replace

TABLES = """
CREATE TABLE points (customer TEXT PRIMARY KEY, points INTEGER NOT NULL);
CREATE TABLE paid (order_id TEXT PRIMARY KEY)"""

ORDER = "order 2"
"""What only other processes are asked for."""

HAD = {"Ada": 100, "Bob": 0, "1": 7, "11": 3}
"""How many points each customer has in the beginning."""

ORDERS = [("7", "Ada", 5), ("07", "Ada", 5), ("7.0", "Ada", 5), (" 7", "Ada", 5), ("a7", "Bob", 5), ("A7", "Bob", 5)]
ORDERS += [("x1", "1", 5), ("x", "11", 15), ("1x", "1", 5), ("5x", "Bob", 1), ("it's", "Ada", 1), ("7:5", "Bob", 5)]
ORDERS += [("naïve ✓", "Ada", 1), ("*", "Bob", 1), *((f"{'a long name ' * 20}{number}", "Ada", 1) for number in (1, 2))]

ERRORS = [Planned("the card was refused"), ValueError("no such card"), sqlite3.IntegrityError("theirs"), SystemExit(3)]

CHARGE = "the charge"

Job = tuple[str, str, str, int]

charges_of = partial(counted, one="charge")


class Service:
    """A payment service. What it was asked for is in a file, so that all processes see it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def charge(self, amount: Any, key: Any) -> None:
        """Charge, unless the key is known. Raise `Wrong` for a key that is no text."""
        if not isinstance(key, str):
            raise Wrong("a text as the key", repr(key), "`self.charge(amount, key)`")
        self.note([amount, key])

    def note(self, what: Any) -> None:
        """Write a line."""
        with self.path.open("a") as file:
            file.write(json.dumps(what) + "\n")

    def forget(self) -> None:
        """Let a day pass."""
        self.note(None)

    def charged(self) -> list[Any]:
        """Return the amounts that were charged."""
        known, found = set[str](), []
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            if (asked := json.loads(line)) is None:
                known.clear()
            elif asked[1] not in known:
                known.add(asked[1])
                found.append(asked[0])
        return found


class Shop:
    """A database, and the payment service that goes with it."""

    made = 0

    def __init__(self, answer: Any) -> None:
        """Make both, for workers of the class `answer`: nobody has paid yet."""
        Shop.made += 1
        self.path = os.path.abspath(f"shop{Shop.made}.db")
        self.service = Service(Path(f"service{Shop.made}").absolute())
        self.answer = answer
        shutil.copy("empty.db", self.path)

    def pay(self, job: str, order: str, customer: str, amount: int, charge: Any = None) -> Any:
        """Do a job, here and now."""
        return self.answer(self.path, charge or self.service.charge).perform(job, order, customer, amount)

    def elsewhere(self, job: str, order: str, customer: str, amount: int, charge: Any = None) -> Any:
        """Do a job in another process, and return or raise what it does."""
        return Process(lambda: self.pay(job, order, customer, amount, charge)).result(2 * SOON)

    def rows(self, query: str) -> list[Any]:
        """Return what is in the database."""
        with closing(sqlite3.connect(self.path, timeout=SOON)) as database:
            return database.execute(query).fetchall()

    def points(self) -> dict[str, int]:
        """Return how many points each customer has been given."""
        now = dict(self.rows("SELECT customer, points FROM points"))
        more = {name: now.get(name, 0) - HAD.get(name, 0) for name in HAD.keys() | now}
        return {name: points for name, points in more.items() if points}

    def expect(self, charged: list[int], points: dict[str, int], orders: set[str], look: str, when: str = "") -> None:
        """Raise `Wrong` unless that was charged, so many points were given, and these orders are paid."""
        found = self.service.charged()
        if found != charged:
            wanted = f"{charges_of(len(charged))}: {charged}"
            raise Wrong(f"{wanted}{when}", f"{charges_of(len(found))}: {found}", look)
        if (given := self.points()) != points:
            raise Wrong(f"the points {points} to be added{when}", f"{given}", look)
        if (paid := {order for (order,) in self.rows("SELECT order_id FROM paid")}) != orders:
            raise Wrong(f"{orders or 'no order'} in `paid`{when}", f"{paid or 'none'}", look)


@exercise(number=2, answer="PayOrder")
def pay_order(pay_order: Any) -> Steps:
    """A worker for an engine that may do a job twice: each order is paid once in the end."""
    cases = draw("pay_order")
    Moments.watch()
    with closing(sqlite3.connect("empty.db")) as database, database:
        database.executescript(TABLES)
        database.executemany("INSERT INTO points VALUES (?, ?)", HAD.items())
    shop = Shop(pay_order)
    amount = cases.randint(5, 500)

    yield "the customer pays, and has the points"
    shop.pay("m1", "order 1", "Ada", amount)
    shop.expect([amount], {"Ada": amount}, {"order 1"}, "a charge, two changes of the database, and a commit")

    yield "does nothing for an order that is paid, though the service has forgotten the key"
    shop = Shop(pay_order)
    shop.elsewhere("m1", "order 1", "Ada", amount)
    shop.service.forget()
    shop.pay("m1", "order 1", "Ada", amount)
    shop.expect([amount], {"Ada": amount}, {"order 1"}, "who knows of the first time, three weeks later?")

    yield "another order is another one, whatever they are called"
    shop, points = Shop(pay_order), dict[str, int]()
    orders = cases.sample(ORDERS, len(ORDERS))
    for number, (order, customer, cost) in enumerate(orders):
        shop.pay(f"m{number}", order, customer, cost)
        points[customer] = points.get(customer, 0) + cost
    names, amounts = {order for order, _, _ in orders}, [cost for _, _, cost in orders]
    shop.expect(amounts, points, names, "of what is the key made, and which rows are changed?")

    yield "lets the error of `charge` through, and the order is not paid"
    shop = Shop(pay_order)
    for error in ERRORS:
        try:
            seen = repr(shop.pay("m1", "order 1", "Ada", amount, partial(fail, error)))
        except BaseException as raised:
            seen = repr(raised)
            if raised is error:
                continue
        raise Wrong(f"the error of `charge`, {error!r}", seen, "what does it catch?")
    shop.expect([], {}, set(), "what is written before the charge?", " after an error")

    yield "pays at the next try, and once, though it was charged before the error"

    def charges_and_fails(amount: Any, key: Any) -> None:
        shop.service.charge(amount, key)
        raise Planned("no answer came")

    for _ in range(2):
        with contextlib.suppress(Planned):
            shop.pay("m1", "order 1", "Ada", amount, charges_and_fails)
    shop.pay("m1", "order 1", "Ada", amount)
    shop.expect([amount], {"Ada": amount}, {"order 1"}, "which key has each try?")

    yield "in whichever process, and whenever"
    shop = Shop(pay_order)

    def later(order: str, hours: int) -> None:
        with clock_set(hours * 3600, again=False), contextlib.suppress(Planned):
            shop.pay("m1", order, "Ada", amount, charges_and_fails)

    for order, hours in ((ORDER, 0), (Rehashed(ORDER), 30)):
        Process(partial(later, order, hours)).result()
    shop.elsewhere("m1", ORDER, "Ada", amount)
    shop.expect([amount], {"Ada": amount}, {ORDER}, "what is the key made of, and what is it next time?")

    yield "an order that was put twice is one order"
    shop = Shop(pay_order)
    with contextlib.suppress(Planned):
        shop.elsewhere("m1", ORDER, "Ada", amount, charge=charges_and_fails)
    shop.elsewhere("m2", ORDER, "Ada", amount)
    shop.service.forget()
    shop.elsewhere("m3", ORDER, "Ada", amount)
    shop.expect([amount], {"Ada": amount}, {ORDER}, "what do two messages about one order have in common?")

    yield "others write to the database while the service charges"
    for where, _, locked in held(pay_order, ("m1", ORDER, "Ada", amount), write, only=CHARGE):
        if locked:
            seen = f"`{locked}` {where}"
            raise Wrong("a database that others can write to", seen, "which transaction is open during the charge?")

    yield "killed at any moment and tried again, it is paid once"
    for shop, where in killed(pay_order, ("m1", ORDER, "Ada", amount)):
        Process(partial(twice, shop, amount)).result(2 * SOON)
        look = "what is there at that moment, and what not yet?"
        shop.expect([amount], {"Ada": amount}, {ORDER}, look, f", when it was killed {where}")

    yield "two that do it at the same moment pay once, and none of them fails"

    def again(shop: Shop) -> None:
        shop.pay("m2", ORDER, "Ada", amount)
        look = "the first was held there, and may never go on. What has been done when the second returns?"
        shop.expect([amount], {"Ada": amount}, {ORDER}, look, ", as soon as it returns")

    for where, shop, _ in held(pay_order, ("m1", ORDER, "Ada", amount), again):
        look = f"another was there {where} of the first"
        shop.expect([amount], {"Ada": amount}, {ORDER}, look, " in the end")

    yield "two orders of one customer at the same moment are both paid"
    another = partial(Shop.pay, job="m2", order="another", customer="Ada", amount=1)
    for where, shop, _ in held(pay_order, ("m1", ORDER, "Ada", 1), another, only="points"):
        look = f"another was there {where}: who adds, Python or the database?"
        shop.expect([1, 1], {"Ada": 2}, {ORDER, "another"}, look)


def fail(error: BaseException, amount: Any, key: Any) -> None:
    """Be a charge that fails."""
    raise error


def twice(shop: Shop, amount: int) -> None:
    """Do a job, and once more the day after."""
    shop.pay("m2", ORDER, "Ada", amount)
    shop.service.forget()
    shop.pay("m3", ORDER, "Ada", amount)


def write(shop: Shop) -> str:
    """Change something. Return what SQLite has against it."""
    try:
        with closing(sqlite3.connect(shop.path, timeout=0)) as database, database:
            database.execute("UPDATE points SET points = points")
    except sqlite3.OperationalError as error:
        return str(error)
    return ""


class Moments:
    """What a process does: `before` is called before each of its statements, and before the charge."""

    before: Callable[[str], None] | None = None

    @classmethod
    def watch(cls) -> None:
        """Hear of each new connection, by whatever name it is made. None waits for the disk."""
        plain = (sqlite3.connect,)  # a tuple: `replace` looks into none

        def connect(*args: Any, **options: Any) -> Any:
            connection: Any = plain[0](*args, **options)
            with contextlib.suppress(sqlite3.Error):  # in a transaction
                connection.execute("PRAGMA synchronous = OFF")
            if cls.before:
                connection.set_trace_callback(lambda statement: cls.now(f"before `{' '.join(statement.split())}`"))
            return connection

        replace((*plain, Function(connect)))

    @classmethod
    def now(cls, where: str) -> None:
        """Have come to a moment."""
        if cls.before:
            cls.before(where)

    @classmethod
    def of(cls, shop: Shop, job: Job, before: Callable[[str], None]) -> None:
        """Do a job."""

        def charge(amount: Any, key: Any) -> None:
            cls.now(f"before {CHARGE}")  # nothing is to be done between its end and the next statement
            shop.service.charge(amount, key)

        cls.before = before
        shop.pay(*job, charge=charge)


def killed(answer: Any, job: Job) -> Iterator[tuple[Shop, str]]:
    """Kill a process at its first moment, another at its second …. Yield each time the shop, and where that was."""
    for number in range(1, 100):
        shop, moments = Shop(answer), count(1)
        note = Path(f"{shop.path}.killed")

        def before(where: str, number: int = number, note: Path = note, moments: Iterator[int] = moments) -> None:
            if next(moments) == number:
                note.write_text(where)
                os.kill(os.getpid(), signal.SIGKILL)

        Process(partial(Moments.of, shop, job, before)).result(2 * SOON)
        if not note.exists():
            return
        yield shop, note.read_text()


def held(
    answer: Any, job: Job, other: Callable[[Shop], Any], only: str = "", patience: float = 0.08
) -> Iterator[tuple[str, Shop, Any]]:
    """Hold a process at its first moment, another at its second …, while a process does something else.

    Each goes on when `other` has ended, or seems to wait. Yield where that was, the shop, and what `other` returned.
    """
    for number in range(1, 100):
        shop, moments = Shop(answer), count(1)
        (here, there), (wait, go) = os.pipe(), os.pipe()

        def before(where: str, number: int = number, moments: Iterator[int] = moments) -> None:
            if only in where.lower() and next(moments) == number:
                os.write(there, where.encode())  # noqa: B023
                os.read(wait, 1)  # noqa: B023

        process = Process(partial(Moments.of, shop, job, before))
        os.close(there)
        where = os.read(here, 1000).decode()
        if where:
            rival = Process(partial(other, shop))
            rival.ends(patience)
            os.write(go, b"!")
            found = rival.result(2 * SOON)
        process.result(2 * SOON)
        for end in (here, wait, go):
            os.close(end)
        if not where:
            return
        yield where, shop, found
