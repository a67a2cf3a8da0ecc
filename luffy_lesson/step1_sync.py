"""Step 1: a worker, and one place through which its work is done. The caller stands still until it is."""

import threading
from typing import Any

__all__ = ["Worker", "say"]


class Worker:
    """Something that can be done: a class with a `perform`."""

    def perform(self, *args: Any) -> Any:
        """Do the work; each worker writes its own. Raise NotImplementedError where one has not."""
        raise NotImplementedError(f"{type(self).__name__} has no method `perform`: write one.")

    @classmethod
    def perform_now(cls, *args: Any) -> Any:
        """Hand `args` to `perform` of a new instance, here and now; return or raise what it does.

        Every later way of performing a job goes through this method: it is the place to add features.
        """
        return cls().perform(*args)


def say(line: object) -> None:
    """Print `line`. Away from the main thread, the thread's name goes before it."""
    thread = threading.current_thread()
    label = "" if thread is threading.main_thread() else f"[{thread.name}] "
    # One write, the newline in it: `print` makes two, and the lines of two threads run into each other.
    print(f"{label}{line}\n", end="", flush=True)
