"""What the solutions do beyond what their checks ask."""

import threading

import pytest

from luffy_lesson.classroom import check


@pytest.fixture
def raised(monkeypatch):
    """What threads have raised."""
    found = []
    monkeypatch.setattr(threading, "excepthook", lambda args: found.append(args.exc_value))
    return found


@pytest.mark.parametrize("error", [None, ValueError("the job fails")])
def test_a_caller_who_cancels_a_future_of_with_result_is_too_late_and_nothing_is_printed(raised, error):
    scope = {"__name__": "__main__"}
    exec(check.with_result.solution_file.read_text(encoding="utf-8"), scope)
    go = threading.Event()

    class Wait(scope["WithResult"]):
        def perform(self):
            go.wait(10)
            if error:
                raise error
            return 5

    before = set(threading.enumerate())
    future = Wait.perform_future()
    (thread,) = set(threading.enumerate()) - before
    assert not future.cancel()
    go.set()
    thread.join(10)
    assert future.exception(0) is error
    assert error or future.result(0) == 5
    assert raised == []
