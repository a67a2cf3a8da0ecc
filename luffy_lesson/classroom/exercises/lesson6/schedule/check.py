"""The check of exercise 1 of lesson 6."""

import os
import time
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import connect, new_key, nth, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, held, killed
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, clock_set, until

EARLY = 0.05
"""How much too early is still right, in seconds: two clocks that tell the same time differ by a little."""

MANY = 9001
"""More than Redis's Lua unpacks at once, or hands on as the arguments of one command."""

FILL = """
for number = 0, ARGV[1] - 1 do
  redis.call('ZADD', KEYS[1], ARGV[2] - 0.1 * (ARGV[1] - number), number)
end
redis.call('ZADD', KEYS[1], ARGV[3], 'tea')"""

JOBS = ["", "0", "None", "nan", " two\nlines ", "naïve ✓", '{"worker": "Letter", "args": []}', "*"]

TWO = ["soup", "rice"]


@exercise(number=1, answer="MySchedule", uses_redis=True)
def schedule(my_schedule: Any) -> Steps:
    """Rebuild the schedule of step 6: a sorted set of what is for later, and `promote`."""
    os.environ["TZ"] = "CHECK-5:45"  # the time of day here is not that of UTC
    time.tzset()
    cases = draw("schedule")
    connection = connect()

    def now(earlier: bool = True) -> float:
        """Return the time by the clock of this process or of the server, which an answer may go by, too."""
        seconds, fraction = connection.time()
        clocks = time.time(), seconds + fraction / 1e6
        return float(min(clocks) if earlier else max(clocks))

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a sorted set with these jobs, which are due, the first longest, and of a queue."""
        key, just = new_key(), now() - 2
        if jobs:
            connection.zadd(f"{key}:later", {job: just - 0.1 * place for place, job in enumerate(jobs[::-1])})
        return f"{key}:later", key

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    def waiting(later: str) -> list[Any]:
        return texts(connection.zrange(later, 0, -1))

    later, key = new()
    tea = my_schedule(connection, later, key)
    my_schedule(connection, *new())  # another one has keys of its own

    yield "`put_in` adds a job to the sorted set"
    for job, wait in ("tea", 3600), ("water", 0):
        tea.put_in(job, wait)
        if waiting(later) != [job]:
            raise Wrong(f"['{job}'] in {later}", f"{waiting(later)}", "`zadd`, and which key it is given")
        if there(key):
            look = "where does a job wait until somebody promotes it?"
            raise Wrong(f"nothing in the queue after `put_in('{job}', {wait})`", f"{there(key)}", look)
        connection.delete(later)

    yield "its score is when it is due, in seconds since 1970"
    tea.put_in("tea", 3600)
    for seconds in (100.25, 100.75, round(cases.uniform(200, 10**6), 2)):
        low = time.time()
        tea.put_in(f"in {seconds} s", seconds)
        high = time.time()
        ahead = now(earlier=False) - high, now() - high  # the server may have a clock of its own
        score = connection.zscore(later, f"in {seconds} s")
        allowed = min(0, ahead[1]) - EARLY, max(0, ahead[0]) + EARLY
        if score is None or not low + seconds + allowed[0] <= score <= high + seconds + allowed[1]:
            seen = "no such job" if score is None else f"{score:.2f}"
            raise Wrong(f"{low + seconds:.2f}, in {seconds} s", seen, "`time.time() + seconds`, as it is")

    yield "`promote` leaves what is not due"
    took = []
    for _ in range(2):
        begin = time.monotonic()
        answer = tea.promote()
        took.append(time.monotonic() - begin)
        if type(answer) is not int or answer or len(waiting(later)) != 4 or there(key):
            seen = f"{answer!r}, and {len(waiting(later))} that wait"
            raise Wrong("0, and four jobs that wait still", seen, "up to which score is it due?")
    if min(took) > QUIET:
        raise Wrong("0 at once", f"it after {min(took):.1f} s", "what does it wait for, when nothing is due?")

    yield "`promote` moves what is due, and returns how many"
    later, key = new("soup", "rice")
    connection.zadd(later, {"tea": now(earlier=False) + 3600})
    answers = [my_schedule(connection, later, key).promote(), my_schedule(connection, later, key).promote()]
    if sorted(there(key)) != ["rice", "soup"] or waiting(later) != ["tea"]:
        seen = f"{there(key)}, and {waiting(later)} that wait"
        raise Wrong("['rice', 'soup'] in the queue, and ['tea'] that waits", seen, "what is added, what is removed?")
    if answers != [2, 0]:
        raise Wrong("2, and 0 the next time", ", ".join(map(repr, answers)), "what does `promote` return?")

    yield "what was due first is taken first, after what is in the queue already"
    for jobs in (["soup", "rice", "tea"], cases.sample("abcdef", 6)):
        later, key = new(*jobs)
        connection.lpush(key, "bread")
        my_schedule(connection, later, key).promote()
        if (order := there(key)[::-1]) != ["bread", *jobs]:
            raise Wrong(", ".join(["bread", *jobs]), ", ".join(order), "which end of the list, and in which order?")

    yield "a job may be any text, also an empty one"
    for due, left in (cases.sample(JOBS, len(JOBS)), "tea"), (["soup"], ""):
        later, key = new(*due)
        tea = my_schedule(connection, later, key)
        tea.put_in(left, 3600)
        answer = tea.promote()
        if there(key)[::-1] != due or waiting(later) != [left] or answer != len(due):
            odd = next((job for job in due if job not in there(key)), left)
            seen = f"{answer!r}, {len(there(key))} in the queue, and {waiting(later)} that wait, without {odd!r}"
            wanted = f"{len(due)}, as many in the queue in their order, and {[left]} that waits"
            raise Wrong(wanted, seen, "what is done with a text?")

    yield "what another process puts in meanwhile is promoted, too"
    later, key = new()
    tea = my_schedule(connection, later, key)
    tea.put_in("tea", 3600)
    tea.promote()
    connection.zadd(later, {"soup": now() - 2})
    tea.promote()
    if there(key) != ["soup"]:
        look = "what does it remember of what it saw the last time?"
        raise Wrong("['soup'], which is due, in the queue", f"{there(key)}", look)

    yield "however many are due"
    for count in (1001, MANY):
        later, key = new()
        connection.eval(FILL, 1, later, count, now() - 2, now(earlier=False) + 3600)
        begin = time.process_time()
        answer = my_schedule(connection, later, key).promote()
        work = time.process_time() - begin
        if answer != count or there(key)[::-1] != list(map(str, range(count))) or waiting(later) != ["tea"]:
            seen = f"{answer!r}, {connection.llen(key)} in the queue, and {connection.zcard(later)} that wait"
            raise Wrong(f"{count}, as many in the queue, and one that waits", seen, "how many does it move at most?")
        if work > 0.05:  # it sends a command for each of them: that takes its time, and knows no such limit
            break

    yield "a job comes when it is due, and not before"

    def to_the_moment() -> None:
        """Raise `Wrong` unless a job that is just due is moved, and one that is due in a moment is not."""
        later, key = new()
        begin = time.monotonic()
        connection.zadd(later, {"soup": now() - 0.01, "tea": now(earlier=False) + QUIET})
        my_schedule(connection, later, key).promote()
        moved = there(key)
        busy = time.monotonic() - begin > QUIET - EARLY
        if moved != ["soup"] and not (busy and "soup" in moved):
            look = "what is compared with what, and is it rounded?"
            raise Wrong(f"['soup'], and not ['tea'], which is due in {QUIET} s", f"{moved} in the queue", look)

    to_the_moment()
    later, key = new()
    tea = my_schedule(connection, later, key)
    began = time.monotonic()
    tea.put_in("tea", 0.4)
    came = until(lambda: tea.promote(), 0.3)
    waited = time.monotonic() - began
    if came and waited < 0.4 - EARLY:
        raise Wrong("a job after 0.4 s", f"it after {waited:.1f} s", "what is compared with what?")
    time.sleep(max(0, 0.4 - waited))
    if not came and not until(lambda: tea.promote()):
        raise Wrong("a job that is due in 0.4 s", "none within 2 s", "what is compared with what?")
    waited = time.monotonic() - began
    to_the_moment()  # at another part of the second
    yield Saw(f"{waited:.1f} s")

    yield "by one clock, whatever another one shows"
    later, key = new()
    tea = my_schedule(connection, later, key)
    with clock_set(3600, again=False):
        tea.put_in("soup", 0)
        tea.put_in("tea", 1800)
        until(lambda: tea.promote(), 0.3)
    if there(key) != ["soup"] or waiting(later) != ["tea"]:
        seen = f"{there(key)}, and {waiting(later)} that wait"
        look = "which clock does `put_in` go by, and which `promote`?"
        raise Wrong("['soup'] in the queue, and ['tea'] that waits, where the clocks differ", seen, look)

    def promote(connection: Any) -> Any:
        return my_schedule(connection, later, key).promote()

    def promote_as_well() -> Any:
        return promote(connection)

    def add() -> Any:
        return connection.zadd(later, {"bread": now(earlier=False) + 3600})

    def promote_before_tea(given: Any) -> Any:
        given.ping()  # what follows is quick, then: tea is due soon
        connection.zadd(later, {"tea": now(earlier=False) + 0.1})
        return promote(given)

    def wait_for_tea() -> None:
        due = connection.zscore(later, "tea") or 0
        time.sleep(max(0, due + 0.02 - now()))

    with Gate() as gate:
        yield "a job is in one of the two places at any moment"
        later, key = new(*TWO)
        for came_through in killed(gate, promote):
            if sorted(places := waiting(later) + there(key)) != sorted(TWO):
                seen = f"{places} when it was killed before its {nth(came_through + 1)} command"
                look = "a script, or a transaction: which commands belong in it?"
                raise Wrong("each of two jobs in one place", seen, look)
            promote(connection)
            if sorted(there(key)) != sorted(TWO) or waiting(later):
                seen = f"{there(key)} in the queue when the first was killed before its {nth(came_through + 1)} command"
                raise Wrong("the rest to be moved by the next who promotes", seen, "what does who is killed leave?")
            later, key = new(*TWO)

        yield "each job is moved once when two promote at the same time"
        later, key = new(*TWO)
        for both in held(gate, promote, promote_as_well):
            if sorted(there(key)) != sorted(TWO) or waiting(later):
                look = "what may happen between reading and removing?"
                raise Wrong("each of two jobs once in the queue", f"{there(key)}", look)
            if sum(both) != 2:
                raise Wrong("2 for both together", " and ".join(map(str, both)), "who counts what another moved?")
            later, key = new(*TWO)

        yield "who adds a job meanwhile keeps it from nothing"
        later, key = new("soup")
        for answer, _ in held(gate, promote, add):
            if answer != 1 or there(key) != ["soup"] or waiting(later) != ["bread"]:
                seen = f"{answer!r}, {there(key)} in the queue, and {waiting(later)} that wait"
                raise Wrong("1, ['soup'] in the queue, and ['bread'] that waits", seen, "what if something changes?")
            later, key = new("soup")

        yield "what falls due meanwhile is moved, or waits"
        later, key = new("soup")
        for _ in held(gate, promote_before_tea, wait_for_tea):
            if sorted(places := waiting(later) + there(key)) != ["soup", "tea"]:
                raise Wrong("soup and tea, each in one place", f"{places}", "how often does it look at the clock?")
            later, key = new("soup")
