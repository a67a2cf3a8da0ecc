"""The check of exercise 1 of lesson 6."""

import contextlib
import time
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, connect, kills, new_key, nth, rivals, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import SOON, until

EARLY = 0.05
"""How much too early is still right, in seconds: two clocks that tell the same time differ by a little."""


@exercise(number=1, answer="MySchedule", uses_redis=True)
def schedule(my_schedule: Any) -> Steps:
    """Rebuild the schedule of step 6: a sorted set of what is for later, and `promote`."""
    connection = connect()

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a sorted set with these jobs, which are due, the first longest, and of a queue."""
        key = new_key()
        if jobs:
            connection.zadd(
                f"{key}:later", {job: time.time() - 60 - 10 * place for place, job in enumerate(jobs[::-1])}
            )
        return f"{key}:later", key

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    def waiting(later: str) -> list[Any]:
        return texts(connection.zrange(later, 0, -1))

    later, key = new()
    tea = my_schedule(connection, later, key)

    yield "`put_in` adds a job to the sorted set"
    tea.put_in("tea", 3600)
    if waiting(later) != ["tea"]:
        raise Wrong(f"['tea'] in {later}", f"{waiting(later)}", "`zadd`, and which key it is given")
    if there(key):
        raise Wrong("nothing in the queue yet", f"{there(key)}", "where does a job wait that is not due?")

    yield "its score is when it is due, in seconds since 1970"
    for seconds in (100.25, 100.75):
        low = time.time()
        tea.put_in(f"in {seconds} s", seconds)
        high = time.time()
        servers, fraction = connection.time()  # it may have a clock of its own, and an answer may go by it
        ahead = servers + fraction / 1e6 - high
        score = connection.zscore(later, f"in {seconds} s")
        allowed = min(0, ahead) - EARLY, max(0, ahead) + EARLY
        if score is None or not low + seconds + allowed[0] <= score <= high + seconds + allowed[1]:
            seen = "no such job" if score is None else f"{score:.2f}"
            raise Wrong(f"{low + seconds:.2f}, in {seconds} s", seen, "`time.time() + seconds`, as it is")

    yield "`promote` leaves what is not due"
    if (answer := tea.promote()) != 0 or len(waiting(later)) != 3 or there(key):
        seen = f"{answer!r}, and {len(waiting(later))} that wait"
        raise Wrong("0, and three jobs that wait still", seen, "up to which score is it due?")

    yield "`promote` moves what is due, and returns how many"
    later, key = new("soup", "rice")
    connection.zadd(later, {"tea": time.time() + 3600})
    answers = [my_schedule(connection, later, key).promote(), my_schedule(connection, later, key).promote()]
    if sorted(there(key)) != ["rice", "soup"] or waiting(later) != ["tea"]:
        seen = f"{there(key)}, and {waiting(later)} that wait"
        raise Wrong("['rice', 'soup'] in the queue, and ['tea'] that waits", seen, "what is added, what is removed?")
    if answers != [2, 0]:
        raise Wrong("2, and 0 the next time", ", ".join(map(repr, answers)), "what does `promote` return?")

    yield "what was due first is taken first, after what is in the queue already"
    later, key = new("soup", "rice", "tea")
    connection.lpush(key, "bread")
    my_schedule(connection, later, key).promote()
    if (order := there(key)[::-1]) != ["bread", "soup", "rice", "tea"]:
        raise Wrong("bread, soup, rice, tea", ", ".join(order), "which end of the list, and in which order?")

    yield "a job comes when it is due, and not before"
    later, key = new()
    tea = my_schedule(connection, later, key)
    began = time.monotonic()
    tea.put_in("tea", 0.4)
    came = until(lambda: tea.promote(), 0.4 + SOON)
    took = time.monotonic() - began
    if not came:
        raise Wrong("a job that is due in 0.4 s", "none within 2 s", "what is compared with what?")
    if took < 0.4 - EARLY:
        raise Wrong("a job after 0.4 s", f"it after {took:.1f} s", "what is compared with what?")
    yield Saw(f"{took:.1f} s")

    yield "each job is moved once when two promote at the same time"
    for other, rival in rivals():
        later, key = new("soup", "rice", "tea")
        rival.act = my_schedule(connect(), later, key).promote
        answers = [my_schedule(other, later, key).promote(), rival.answer()]
        if sorted(there(key)) != ["rice", "soup", "tea"] or waiting(later):
            look = "what may happen between reading and removing?"
            raise Wrong("each of three jobs once in the queue", f"{there(key)}", look)
        if sum(answers) != 3:
            raise Wrong("3 for both together", " and ".join(map(str, answers)), "who counts what another has moved?")

    yield "a job is in one of the two places at any moment"
    for other in kills():
        later, key = new("soup", "rice", "tea")
        with contextlib.suppress(Killed):
            my_schedule(other, later, key).promote()
        if sorted(places := waiting(later) + there(key)) != ["rice", "soup", "tea"]:
            seen = f"{places} when it was killed before its {nth(other.commands)} command"
            raise Wrong(
                "each of three jobs in one place", seen, "a script, or a transaction: which commands belong in it?"
            )
