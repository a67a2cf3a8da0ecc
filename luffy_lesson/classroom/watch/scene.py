"""Where every job is at a moment: what follows from the entries of a journey, and from nothing else."""

import math
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from luffy_lesson.classroom.watch.entry import Entry

STATES = (
    "waiting", "prefetched", "scheduled", "in hand", "left behind", "retrying", "dead", "lost", "failed", "done",
)  # fmt: skip
"""What a job can be: each is one of these at every moment."""

MOST = 20_000
"""How many jobs that were put in the queue are followed at most: the first ones."""

NOWHERE = "thrown away"
"""What a job is in place of one of STATES that is not kept any more: it is not seen."""

WITH_A_PROCESSOR = ("prefetched", "in hand", "left behind", "lost")
"""The states of a job that is with a processor, or was."""

SEEN, SEEN_THERE = 100, 10
"""How many jobs are seen at most in a place while a run goes on, and with a processor; others are counted."""

LATE = 1.0
"""How many seconds after a job was fetched it may still be told that it was queued: by another process, or thread."""

JUST_BEFORE = 1e-6
"""In seconds."""


class Move(NamedTuple):
    """Where a job is from a moment on."""

    at: float
    state: str
    process: str = ""
    processor: str = ""
    due: float | None = None  # of a job that is scheduled, or will be tried again
    first: bool = False  # whether it was put back, where it is taken next


class Where(NamedTuple):
    """A place in which jobs are."""

    state: str
    queue: str = ""  # of those that wait
    process: str = ""  # of those WITH_A_PROCESSOR
    processor: str = ""

    @classmethod
    def of(cls, queue: str, move: Move) -> "Where":
        """Return where a job is, from a queue, after a move."""
        if move.state in WITH_A_PROCESSOR:
            return cls(move.state, "", move.process, move.processor)
        return cls(move.state, queue if move.state == "waiting" else "")


class Token(NamedTuple):
    """A job at a moment."""

    number: int  # in the order in which they were first seen, from 1
    job: str
    now: Move
    before: Move | None  # None when it has just come
    queue: str = ""  # its own: nothing stands for that of who names none
    until: float = math.inf  # when it leaves, where that is known


class Scene(NamedTuple):
    """All jobs at a moment."""

    at: float
    tokens: list[Token]
    more: dict[Where, int] = {}
    """How many jobs there are besides."""

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state in which there is one."""
        found = Counter(token.now.state for token in self.tokens)
        for where, number in self.more.items():
            found[where.state] += number
        return {state: found[state] for state in STATES if found[state]}


@dataclass
class Traveller:
    """A job, and where it has been."""

    number: int
    name: str
    moves: list[Move] = field(default_factory=list)
    queue: str = ""
    # Those of its state and name, and those of its place: it is one of them.
    among: tuple[dict[int, "Traveller"], ...] = field(default=(), compare=False, repr=False)

    def at(self, moment: float) -> Token | None:
        """Return where it is at a moment; None before it came, and after it was thrown away."""
        index = bisect_right(self.moves, moment, key=lambda move: move.at)
        if index and self.moves[index - 1].state != NOWHERE:
            token = self._token(self.moves[:index])
            return token._replace(until=self.moves[index].at) if index < len(self.moves) else token
        return None

    def now(self) -> Token:
        """Return where it is after all its moves."""
        return self._token(self.moves)

    def where(self) -> Where:
        """Return in which place that is."""
        return Where.of(self.queue, self.moves[-1])

    def _token(self, moves: list[Move]) -> Token:
        return Token(self.number, self.name, moves[-1], moves[-2] if len(moves) > 1 else None, self.queue)


class Story:
    """What became of each job. Those of one name are told apart by their order, as on a board: first in, first out."""

    def __init__(self, keeps: bool) -> None:
        """Begin with no job.

        Args:
            keeps: whether the backend keeps a job whose process is killed, in flight.
        """
        self.jobs: dict[int, Traveller] = {}  # by number, in the order in which they were first seen
        self.told: list[Entry] = []  # what happened, with each job put in the queue before it is fetched
        # How many jobs a process had in hand, and how many prefetched, when it was killed.
        self.had: dict[tuple[float, str], Counter[str]] = {}
        self.keeps = keeps
        self._count = 0  # how many jobs there have ever been
        self._there: dict[tuple[str, str], dict[int, Traveller]] = defaultdict(dict)  # by state and name
        self._all: dict[Where, dict[int, Traveller]] = defaultdict(dict)  # the one that came first is first
        self._forgotten = Counter[Where]()
        # Those that were fetched before it was told that they were queued, or put back (True), and their moves.
        self._early: dict[tuple[bool, str], deque[tuple[Traveller, Move]]] = defaultdict(deque)

    def now(self, at: float) -> Scene:
        """Return where jobs are after all that has happened, at the moment `at`. Of many some are seen."""
        tokens: list[Token] = []
        more: dict[Where, int] = {}
        for where, jobs in self._all.items():
            if where.state == NOWHERE:
                continue
            most = SEEN_THERE if where.state in WITH_A_PROCESSOR else SEEN
            tokens += [job.now() for job in islice(jobs.values(), most)]
            if number := max(len(jobs) - most, 0) + self._forgotten[where]:
                more[where] = number
        return Scene(at, tokens, more)

    def forget(self, at: float) -> None:
        """Forget, at the moment `at`, what was told, and all but the last jobs that are over: those are counted."""
        self.told.clear()
        for state in ("done", "failed", NOWHERE):
            where = Where(state)
            jobs = self._all[where]
            over = list(islice(jobs.values(), max(len(jobs) - SEEN // 2, 0)))
            for job in over:
                self._leave(job)
                del self.jobs[job.number]
            self._forgotten[where] += len(over)
        for key in [key for key, early in self._early.items() if not early or early[-1][1].at < at - LATE]:
            del self._early[key]

    def take(self, entry: Entry) -> None:
        """Let happen what has happened; what has happened before was taken before."""
        at, name, who = entry.at, entry.job, (entry.process, entry.processor)
        if entry.what in ("queued", "scheduled", "put back"):
            entry = self._late(entry)
            if not entry.number:
                return
        if entry.what == "requeued":
            entry = self._requeue(entry)
        self.told.append(entry)
        match entry.what:
            case "queued":
                for _ in range(min(entry.number, MOST - len(self.jobs))):
                    self._come(entry, Move(at, "waiting"))
            case "scheduled":
                self._come(entry, Move(at, "scheduled", due=entry.due))
            case "prefetched":
                self._prefetch(entry)
            case "given back":
                self._give_back(entry)
            case "fetched":
                job = self._find(name, "prefetched", by=who)
                self._go(job, Move(at, "in hand", *who)) if job else self._fetch(entry, "in hand")
            case "called":
                self._come(entry, Move(at, "in hand", *who))
            case "done" | "failed":
                self._go(self._find(name, "in hand", by=who), Move(at, entry.what, *who))
            case "retrying" | "dead":
                self._go(self._find(name, "failed", by=who), Move(at, entry.what, due=entry.due))
            case "put back":
                back = self._find(name, "left behind", "in hand", "prefetched")
                self._go(back or self._come(entry, Move(at, "waiting")), Move(at, "waiting", first=True))
            case "thrown away":
                self._go(self._find(name, "dead"), Move(at, NOWHERE))
            case "left too often":
                self._go(self._find(name, "left behind", "in hand", "prefetched"), Move(at, "dead"))
            case "counted":
                self._promote(entry)
            case "killed":
                had = self._with(entry.process)
                self.had[at, entry.process] = Counter(job.moves[-1].state for job in had)
                gone = "left behind" if self.keeps else "lost"
                for job in had:
                    self._go(job, job.moves[-1]._replace(at=at, state=gone))

    def _late(self, entry: Entry) -> Entry:
        """Return an entry for those that were not fetched before it was told: an idle processor is quick."""
        number = entry.number
        while number and (early := self._next_early(entry.what == "put back", entry)):
            job, fetched = early
            at = fetched.at - JUST_BEFORE
            job.moves.insert(job.moves.index(fetched), Move(at, "waiting", first=entry.what == "put back"))
            self.told.append(entry._replace(at=at, number=1))
            number -= 1
        return entry if number == entry.number else entry._replace(number=number)

    def _prefetch(self, entry: Entry) -> None:
        if entry.job:
            for _ in range(min(entry.number, MOST - len(self.jobs) + len(self._all[Where("waiting", entry.queue)]))):
                self._fetch(entry, "prefetched")
            return
        move = Move(entry.at, "prefetched", entry.process, entry.processor)
        for job in list(islice(self._all[Where("waiting", entry.queue)].values(), entry.number)):
            self._go(job, move)

    def _give_back(self, entry: Entry) -> None:
        had = [job for job in self._with(entry.process) if job.queue == entry.queue]
        if entry.job:
            had = [job for job in had if job.name == entry.job]
        # Those of who had them: others may have just as many, of the same names.
        had.sort(key=lambda job: (job.moves[-1].processor != entry.processor, job.moves[-1].state != "prefetched"))
        number = entry.number
        while number and self._next_early(True, entry):  # it was begun elsewhere before this was told
            number -= 1
        for job in had[:number]:
            if early := self._next_early(False, entry._replace(job=job.name)):
                self._are_one(job, *early)
            else:
                self._go(job, Move(entry.at, "waiting", first=True))

    def _requeue(self, entry: Entry) -> Entry:
        """Let a dead job go to the queue. Return the entry, with the moment when it must have been."""
        job, early = self._find(entry.job, "dead"), self._next_early(False, entry)
        if not early or (job and early[1].at <= job.moves[-1].at):
            move = Move(entry.at, "waiting")
            self._go(job, move) if job else self._come(entry, move)
            return entry
        later, fetched = early  # an idle processor is quick
        at = fetched.at - JUST_BEFORE
        if job:
            self._are_one(job, later, fetched)
        else:
            later.moves.insert(later.moves.index(fetched), Move(at, "waiting"))
        return entry._replace(at=at)

    def _next_early(self, back: bool, entry: Entry) -> tuple[Traveller, Move] | None:
        """Return the first of this name that was taken before it was told that it was there again."""
        early = self._early[back, entry.job]
        while early and early[0][1].at < entry.at - LATE:
            early.popleft()
        return early.popleft() if early else None

    def _are_one(self, job: Traveller, later: Traveller, fetched: Move) -> None:
        """Let `later`, which was taken when nobody had seen it come, be `job`, which went back to the queue."""
        self._leave(job)
        del self.jobs[job.number]
        back = max(job.moves[-1].at, fetched.at - JUST_BEFORE)
        later.moves[:0] = [*job.moves, Move(back, "waiting", first=True)]

    def _with(self, process: str) -> list[Traveller]:
        """Return what a process has taken."""
        return [
            job
            for where, jobs in self._all.items()
            if where.process == process and where.state in ("in hand", "prefetched")
            for job in jobs.values()
        ]

    def _fetch(self, entry: Entry, state: str) -> None:
        move = Move(entry.at, state, entry.process, entry.processor)
        job = self._find(entry.job, "waiting") or self._due(entry)
        if job:
            self._go(job, move)
            return
        left = self._find(entry.job, "left behind", *["prefetched"] * (state == "in hand"))
        if left:
            self._go(left, move)
        job = left or self._come(entry, move)
        self._early[bool(left), entry.job].append((job, job.moves[-1]))

    def _due(self, entry: Entry) -> Traveller | None:
        """Return the job of this name that was due first, which nobody has seen come to the queue; it has."""
        later = [job for state in ("scheduled", "retrying") for job in self._there.get((state, entry.job), {}).values()]
        job = min(later, key=_due_at, default=None)
        if job:
            self._go(job, Move(min(_due_at(job), entry.at), "waiting"))
        return job

    def _promote(self, entry: Entry) -> None:
        """Move to the queue what must have come to it, for the backend has fewer left in a set."""
        for state in ("scheduled", "retrying"):
            later = sorted(self._all[Where(state)].values(), key=_due_at)
            for job in later[: len(later) - (entry.sizes or {}).get(state, len(later))]:
                if _due_at(job) <= entry.at:  # else it was taken out by hand
                    self._go(job, Move(_due_at(job), "waiting"))

    def _find(self, name: str, *states: str, by: tuple[str, str] | None = None) -> Traveller | None:
        for state in states:
            for job in self._there.get((state, name), {}).values():
                if by is None or job.moves[-1][2:4] == by:
                    return job
        return None

    def _come(self, entry: Entry, move: Move) -> Traveller:
        self._count += 1
        job = self.jobs[self._count] = Traveller(self._count, entry.job, [move], entry.queue)
        self._arrive(job)
        return job

    def _go(self, job: Traveller | None, move: Move) -> None:
        if job:
            before = job.moves[-1]
            self._leave(job)
            job.moves.append(move if move.at >= before.at else move._replace(at=before.at))
            self._arrive(job)

    def _arrive(self, job: Traveller) -> None:
        job.among = self._there[job.moves[-1].state, job.name], self._all[job.where()]
        for jobs in job.among:
            jobs[job.number] = job

    def _leave(self, job: Traveller) -> None:
        for jobs in job.among:
            del jobs[job.number]
        if not job.among[0]:
            del self._there[job.moves[-1].state, job.name]


def _due_at(job: Traveller) -> float:
    move = job.moves[-1]
    return max(move.at, move.due or 0.0)
