"""Step 2: a thread for each call. The caller goes on at once."""

import threading
from typing import Any

from luffy_lesson import step1_sync
from luffy_lesson.step1_sync import say

__all__ = ["Worker", "say"]


class Worker(step1_sync.Worker):
    """A worker that can also work in a thread of its own."""

    @classmethod
    def perform_async(cls, *args: Any) -> threading.Thread:
        """Start the work on `args` in a new thread. Return the thread, already running; `join()` waits for it."""
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        return thread
