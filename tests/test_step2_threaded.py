import threading

import pytest

from luffy_lesson.step2_threaded import Worker, say


def test_perform_async_returns_before_the_work_is_done(capsys):
    go_on = threading.Event()

    class VeryHeavyService(Worker):
        def perform(self, seconds):
            assert go_on.wait(10)
            say(f"This task loading {seconds} seconds")

    thread = VeryHeavyService.perform_async(5)
    assert capsys.readouterr().out == ""
    assert thread.is_alive()
    go_on.set()
    thread.join(10)
    assert not thread.is_alive()
    assert capsys.readouterr().out == f"[{thread.name}] This task loading 5 seconds\n"


def test_twenty_calls_work_at_the_same_time():
    everybody = threading.Barrier(20)
    done = []

    class Meets(Worker):
        def perform(self, number):
            everybody.wait(10)
            done.append((number, threading.current_thread()))

    threads = [Meets.perform_async(number) for number in range(20)]
    for thread in threads:
        thread.join(10)
    assert sorted(number for number, _ in done) == list(range(20))
    assert {thread for _, thread in done} == set(threads)


def test_perform_async_hands_on_all_arguments():
    got = []

    class Takes(Worker):
        def perform(self, *args):
            got.append(args)

    for args in [(), (1,), (1, "two", [3], None)]:
        Takes.perform_async(*args).join(10)
    assert got == [(), (1,), (1, "two", [3], None)]


def test_perform_async_goes_through_perform_now():
    through = []

    class Counts(Worker):
        @classmethod
        def perform_now(cls, *args):
            through.append(args)

    Counts.perform_async(5).join(10)
    assert through == [(5,)]


def test_perform_async_does_not_wait_for_the_end_of_the_program():
    class Idle(Worker):
        def perform(self):
            pass

    thread = Idle.perform_async()
    thread.join(10)
    assert not thread.daemon


def test_what_the_work_raises_stays_in_its_thread(monkeypatch):
    raised = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_value))

    class Fails(Worker):
        def perform(self):
            raise OSError("429 Too Many Requests")

    Fails.perform_async().join(10)
    assert [str(error) for error in raised] == ["429 Too Many Requests"]


def test_perform_now_and_perform_are_those_of_step_1():
    class Adds(Worker):
        def perform(self, a, b):
            return a + b

    assert Adds.perform_now(1, 2) == Adds().perform(1, 2) == 3
    with pytest.raises(TypeError):
        Adds.perform_now(1)
