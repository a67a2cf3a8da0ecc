"""A line of a journey: what has happened at a moment, in a form that can be kept, sent and read again."""

import json
import reprlib
from collections.abc import Callable
from typing import Any, NamedTuple, Self

LONGEST = 10_000
"""A line of more characters is none."""


class Entry(NamedTuple):
    """What has happened at a moment."""

    at: float
    """In seconds since the journey began."""
    what: str
    """One of:

    - `queued`: `number` jobs of this name were put in the queue; `scheduled`: one was, for the time `due`
    - `prefetched`: a processor has taken jobs from the queue, and not begun them; `given back`: a process has put jobs
      back that it, or its `processor`, had taken, to be taken next
    - `fetched`: a processor has begun a job from the queue; `called`: a thread has begun one that was in no queue
    - `done`, `failed` (with its `error`): whoever had it is finished
    - `retrying`: a job that has failed will be tried again at the time `due`; `dead`: it will not
    - `put back`: a job was left behind, and is in the queue again; `left too often`: it was, and is dead
    - `requeued`: a dead job is in the queue again; `thrown away`: it is not kept any more
    - `counted`: the backend says how many jobs are where (`sizes`)
    - `started`: there is a processor of this name
    - `ready`, `ended`, `killed`: another process takes jobs (it has `number` processors), has ended, was killed

    Others are left alone by who does not know them.
    """
    job: str = ""
    """Its name, `VeryHeavyService(3)`; of what came in a large batch, nothing stands for those after the first."""
    process: str = ""
    """Where; nothing stands for the process in which the journey was recorded."""
    processor: str = ""
    """The name of the thread."""
    number: int = 1
    due: float | None = None
    error: str | None = None
    sizes: dict[str, int] | None = None
    queue: str = ""
    """From which the job comes, or to which it goes; nothing stands for that of who names none, `luffy:queue`."""

    def after(self, begin: float) -> Self:
        """Return it with times that count from `begin`; what was before is at the beginning."""
        return self._replace(at=max(self.at - begin, 0.0), due=None if self.due is None else self.due - begin)

    def line(self) -> str:
        """Return it as a JSON object, without what goes without saying."""
        usual = self._field_defaults
        told = {name: value for name, value in self._asdict().items() if name not in usual or value != usual[name]}
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> Self:
        """Return what a line says; fields that it has besides are left out.

        Raises:
            ValueError: when it is no such line; it says why.
        """
        found = fields(line)
        known = {name: found[name] for name in cls._fields if name in found}
        for name in ("at", "what"):
            if name not in known:
                raise ValueError(f"it has no {name}")
        for name, value in known.items():
            if not RIGHT[name](value):
                raise ValueError(f"its {name} cannot be {reprlib.repr(value)}")
        return cls(**known)


def fields(line: str) -> dict[str, Any]:
    """Return the JSON object that a line is. Raise ValueError when it is none; it says why."""
    if len(line) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _text(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e9 < value < 1e9


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1e9


def _counts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_count, value.values()))


RIGHT: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(["what", "job", "process", "processor", "error", "queue"], _text),
    **dict.fromkeys(["at", "due"], _number),
    "number": _count,
    "sizes": _counts,
}
"""Whether a value is fit for a field."""
