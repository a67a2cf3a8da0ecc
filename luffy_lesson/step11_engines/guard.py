"""Stands between an engine's program and who started it: when either ends, however it does, the rest ends as well.

It is run as a file, `python guard.py COMMAND…`, at the head of a session of its own. Each byte that comes is the number
of a signal for the program; the end of the input is that of whoever started it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import psutil


def main() -> None:
    """Run the program. End with its exit code, as a shell says it, when no other process of this session is left."""
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=obey, args=[program]).start()
    code = program.wait()
    end_the_rest()
    os._exit(code if code >= 0 else 128 - code)


def obey(program: "subprocess.Popen[bytes]") -> None:
    """Send the program the signals that come, and end all when no more can."""
    while number := os.read(0, 1):
        program.send_signal(number[0])
    end_the_rest()


def end_the_rest() -> None:
    """Kill all other processes of this session, and those that they start meanwhile, for 5 seconds at most."""
    until = time.monotonic() + 5
    while (others := [one for one in psutil.process_iter() if of_this_session(one)]) and time.monotonic() < until:
        for one in others:
            with contextlib.suppress(psutil.Error):
                one.send_signal(signal.SIGKILL)
        psutil.wait_procs(others, timeout=0.1)


def of_this_session(process: psutil.Process) -> bool:
    """Whether it is another process of this session, and more than the memory of one."""
    try:
        alive: bool = process.status() != psutil.STATUS_ZOMBIE
        return alive and os.getsid(process.pid) == os.getpid() != process.pid
    except (OSError, psutil.Error):
        return False


if __name__ == "__main__":
    main()
