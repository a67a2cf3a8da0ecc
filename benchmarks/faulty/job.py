"""The job that every engine is given, and where it notes that it begins and ends: a file that no fault hurts."""

import os
import signal
import sys
import time

SAFEST = os.environ["FAULTS_SETTINGS"] == "safest"
BROKER = os.environ["FAULTS_BROKER"]
PATIENCE = int(os.environ.get("FAULTS_PATIENCE", 0))
"""What the engine's own long waits are scaled to, in seconds; 0: they stay as they are."""


def job(name: str, kind: str, first: float, later: float) -> None:
    """Take `first` seconds the first time, and `later` seconds each other time, but for jobs of bad kinds."""
    with open(os.environ["FAULTS_NOTES"], "a+", buffering=1) as notes:
        notes.seek(0)
        again = any(line.startswith(f"begin {name} ") for line in notes)
        notes.write(f"begin {name} {os.getpid()} {time.time()}\n")
        until = time.monotonic() + (later if again else first)
        while time.monotonic() < until:
            time.sleep(0.05)  # in short pieces: an engine can interrupt it
        if kind == "exits":
            sys.exit()
        if kind == "kills":
            os.kill(os.getpid(), signal.SIGKILL)
        notes.write(f"end {name} {os.getpid()} {time.time()}\n")
