"""Who looks after processes that do jobs: a supervisor, for `work --processes N`; or else a guard, for one."""

import contextlib
import os
import select
import signal
import socket
import time

from luffy_lesson.step10_process import STOP, Process, Signals

READY = 253  # a number that is no signal's


class Supervisor(Signals):
    """Starts processes, replaces one that dies, and ends them all.

    They end when the one pipe is at its end that this process alone writes to: when it closes that, and also when it is
    killed.
    """

    left = 99  # the exit code of a process that was told to stop: it is not replaced
    margin = Process.grace + 1.0  # seconds after the deadline, until what remains is killed
    soon = 10.0  # seconds: who dies sooner would do so again
    waits = (0.5, 30.0)  # seconds until it is replaced: at first, and at most

    def __init__(self, count: int, deadline: float) -> None:
        """Look after `count` processes, each of which has `deadline` seconds to stop."""
        super().__init__(signal.SIGTSTP, signal.SIGCHLD, *STOP)
        self.count, self.deadline = count, deadline
        self.alive, self.life = os.pipe()
        self.children: dict[int, float] = {}  # process ids, and when each was started
        self.due = [0.0]  # when to start others
        self.ready = self.quiet = False
        self.deaths = 0  # soon after the start, one after another
        self.code = 0

    def run(self, *ends: int) -> int | None:
        """Look after the processes until all have ended. Return the exit code; in each of them, None, at once.

        They are to stop at a signal, or at the end of one of the files `ends`.
        """
        self.listen()
        chores = {READY: self.go_on, signal.SIGCHLD: self.replace, signal.SIGTSTP: self.pass_on_quiet}
        while self.children or self.due:
            while self.due and self.due[0] <= time.monotonic():
                del self.due[0]
                if self.start():
                    return None
            number = self.next(max(0, self.due[0] - time.monotonic()) if self.due else None, *ends)
            if number in chores:
                chores[number]()
            elif number is not None:
                return self.stop(number)
        return self.code

    def start(self) -> bool:
        """Start a process. Return whether this is it."""
        held_up = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTSTP, *STOP])  # until it listens
        pid = os.fork()
        if pid == 0:
            os.close(self.life)
            return True
        self.children[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_SETMASK, held_up)
        return False

    def started(self) -> None:
        """Tell the supervisor, from a process of its, that this has started well."""
        self.add(READY)

    def go_on(self) -> None:
        """Start the others as soon as the first is ready: what is wrong with the workers or the server is said once."""
        if not self.ready:
            self.due += [0.0] * (self.count - 1)
        self.ready = True

    def ended(self) -> dict[int, int]:
        """Return the exit codes of the processes that have ended, by their ids."""
        codes = {}
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)  # any: process 1 inherits others
            if pid == 0:
                break
            if self.children.pop(pid, None) is not None:
                codes[pid] = os.waitstatus_to_exitcode(status)
        return codes

    def replace(self) -> None:
        """Have those replaced that died. Those that die at once, again and again, wait longer and longer."""
        begun = dict(self.children)
        for pid, code in self.ended().items():
            if not self.ready:
                self.code = 1
            elif code != self.left and not self.quiet:
                soon = time.monotonic() - begun[pid] < self.soon
                self.deaths = self.deaths + 1 if soon else 0
                wait = min(self.waits[0] * 2 ** min(self.deaths - 1, 10), self.waits[1]) if soon else 0.0
                self.due = sorted([*self.due, time.monotonic() + wait])
                print(f"Process {pid} {how(code)}. Another takes its place in {wait:g} s.", flush=True)

    def pass_on_quiet(self) -> None:
        """Let no process take jobs any more, and replace none."""
        self.quiet, self.due = True, []
        for pid in self.children:
            os.kill(pid, signal.SIGTSTP)

    def stop(self, why: int) -> int:
        """Stop all processes, because the number `why` came, and wait for their end. Return the exit code."""
        os.close(self.life)
        until, stops = time.monotonic() + self.deadline + self.margin, int(why in STOP)
        if stops:
            print("Finishing the jobs in hand. Ctrl-C now gives them up.", flush=True)
        while self.children and (number := self.next(max(0, until - time.monotonic()))) is not None:
            stops += number in STOP
            if stops == 2:
                self.kill()
                os._exit(128 + number)
            if any(code not in (0, self.left) for code in self.ended().values()):
                self.code = 1
        self.kill()
        return self.code

    def kill(self) -> None:
        """Kill what remains."""
        for pid in self.children:
            self.code = 1
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def how(code: int) -> str:
    """Return how a process has ended that has this exit code."""
    return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


class Guard:
    """A process of its own that kills this one when that does not hear that it is to stop.

    That is so while a job keeps Python's lock within C, as a slow regular expression does: then no handler of a signal
    runs, and no deadline ends anything.
    """

    def __init__(self, process: Process) -> None:
        """Guard the process that calls this. Before it has threads."""
        self.ear, self.seconds = process.ear, process.deadline + process.grace
        self.parent = os.getpid()
        self.alive, self.life = os.pipe()  # this end is only in the guarded process
        if os.fork() == 0:
            try:
                self.run(process.numbers)
            finally:
                os._exit(0)

    def run(self, numbers: tuple[signal.Signals, ...]) -> None:
        """Wait until the guarded process has ended, and kill it if need be: what the guard does."""
        os.close(self.life)
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        for stream in {0, 1, 2} - {self.ear.fileno(), self.alive}:  # these, where the shell has closed a stream
            with contextlib.suppress(OSError):
                os.close(stream)
        while not self.over(0.1):
            select.select([self.alive, self.ear.fileno()], [], [])
            since = time.monotonic()
            while (unheard := self.unheard()) and not self.over(0.1):
                patience = self.seconds if unheard == 1 else 0.5
                if time.monotonic() > since + patience and os.getppid() == self.parent:
                    os.kill(self.parent, signal.SIGKILL)

    def over(self, seconds: float) -> bool:
        """Whether the guarded process has ended, within so many seconds."""
        return bool(select.select([self.alive], [], [], seconds)[0])

    def unheard(self) -> int:
        """Return how many signals to stop the guarded process has not heard."""
        with contextlib.suppress(BlockingIOError):
            return sum(number in STOP for number in self.ear.recv(1000, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        return 0
