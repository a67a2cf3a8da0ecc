"""Answers to the exercises: wrong ones, as people write them, and right ones that are not the shipped solution.

A wrong answer names the step that a teacher would want it to fail at. An answer is written as a change of the solution
(what to replace, and by what), or as a whole source where that is clearer.
"""

# ruff: noqa: E501  (a change is read in one line)

from typing import NamedTuple

Changes = dict[str, str] | str


class WrongAnswer(NamedTuple):
    name: str
    step: str
    answer: Changes


class RightAnswer(NamedTuple):
    name: str
    answer: Changes


WRONG: dict[str, list[WrongAnswer]] = {
    # Lesson 1
    "perform_now": [
        WrongAnswer(
            "makes an instance, and leaves it at that",
            "calls `perform`, once",
            {"return cls().perform(*args)": "return cls()"},
        ),
        WrongAnswer(
            "is no class method",
            "calls `perform`, once",
            {"@classmethod": ""},
        ),
        WrongAnswer(
            "does the work, and once more to return it",
            "calls `perform`, once",
            {"return cls().perform(*args)": "cls().perform(*args); return cls().perform(*args)"},
        ),
        WrongAnswer(
            "calls itself",
            "calls `perform`, once",
            {"return cls().perform(*args)": "return cls().perform_now(*args)"},
        ),
        WrongAnswer(
            "forgets the star",
            "hands on the arguments",
            {"cls().perform(*args)": "cls().perform(args)"},
        ),
        WrongAnswer(
            "hands on the first argument",
            "hands on the arguments",
            {"cls().perform(*args)": "cls().perform(args[0])"},
        ),
        WrongAnswer(
            "forgets to return",
            "returns what `perform` returns",
            {"return cls().perform(*args)": "cls().perform(*args)"},
        ),
        WrongAnswer(
            "prints the result",
            "returns what `perform` returns",
            {"return cls().perform(*args)": "print(cls().perform(*args))"},
        ),
        WrongAnswer(
            "has one instance for all jobs",
            "makes a new instance for each job",
            """
            class MyWorker:
                instance = None

                @classmethod
                def perform_now(cls, *args):
                    if cls.instance is None:
                        cls.instance = cls()
                    return cls.instance.perform(*args)
            """,
        ),
        WrongAnswer(
            "hands the class on as `self`",
            "calls it on an instance of the worker",
            {"cls().perform(*args)": "cls.perform(cls, *args)"},
        ),
        WrongAnswer(
            "calls `perform` on the class",
            "calls it on an instance of the worker",
            {"cls().perform(*args)": "cls.perform(*args)"},
        ),
        WrongAnswer(
            "prints the exception",
            "lets an exception through to the caller",
            """
            class MyWorker:
                @classmethod
                def perform_now(cls, *args):
                    try:
                        return cls().perform(*args)
                    except Exception as error:
                        print(error)
            """,
        ),
        WrongAnswer(
            "raises another exception instead",
            "lets an exception through to the caller",
            """
            class MyWorker:
                @classmethod
                def perform_now(cls, *args):
                    try:
                        return cls().perform(*args)
                    except Exception as error:
                        raise RuntimeError("The job has failed.") from error
            """,
        ),
    ],
    "try_again": [
        WrongAnswer(
            "takes None for a failure",
            "does a job that works and returns nothing once, too",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    result, tries = None, 0
                    while result is None and tries < 2:
                        tries += 1
                        try:
                            result = super().perform_now(*args)
                        except Exception:
                            if tries == 2:
                                raise
                    return result
            """,
        ),
        WrongAnswer(
            "returns the second error",
            "lets the second error through to the caller",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    for _ in range(2):
                        try:
                            return super().perform_now(*args)
                        except Exception as error:
                            last = error
                    return last
            """,
        ),
        WrongAnswer(
            "does every job twice",
            "does a job that works once",
            {
                "            return super().perform_now(*args)\n        ex": "            super().perform_now(*args)\n        ex"
            }
            | {"except Exception:": "finally:"},
        ),
        WrongAnswer(
            "loops, and does not leave the loop",
            "does a job that works once",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    for _ in range(2):
                        try:
                            result = super().perform_now(*args)
                        except Exception:
                            pass
                    return result
            """,
        ),
        WrongAnswer(
            "forgets to return the first result",
            "returns what the job returns",
            {"        try:\n            return ": "        try:\n            "},
        ),
        WrongAnswer(
            "only catches",
            "tries a job that has failed once more",
            {"caller.\n            return super().perform_now(*args)": "caller.\n            return None"},
        ),
        WrongAnswer(
            "raises again instead of trying again",
            "tries a job that has failed once more",
            {"caller.\n            return super().perform_now(*args)": "caller.\n            raise"},
        ),
        WrongAnswer(
            "forgets the arguments of the second try",
            "tries a job that has failed once more",
            {
                "caller.\n            return super().perform_now(*args)": "caller.\n            return super().perform_now()"
            },
        ),
        WrongAnswer(
            "forgets the star in the second try",
            "tries a job that has failed once more",
            {
                "caller.\n            return super().perform_now(*args)": "caller.\n            return super().perform_now(args)"
            },
        ),
        WrongAnswer(
            "forgets to return the second result",
            "returns what the second try returns",
            {
                "caller.\n            return super().perform_now(*args)": "caller.\n            super().perform_now(*args)"
            },
        ),
        WrongAnswer(
            "tries for ever",
            "gives up after the second try",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    while True:
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            pass
            """,
        ),
        WrongAnswer(
            "calls itself for the second try",
            "gives up after the second try",
            {
                "caller.\n            return super().perform_now(*args)": "caller.\n            return cls.perform_now(*args)"
            },
        ),
        WrongAnswer(
            "tries three times",
            "gives up after the second try",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    for _ in range(2):
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            pass
                    return super().perform_now(*args)
            """,
        ),
        WrongAnswer(
            "swallows both errors",
            "lets the second error through to the caller",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    for _ in range(2):
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            pass
            """,
        ),
        WrongAnswer(
            "raises the first error",
            "lets the second error through to the caller",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    try:
                        return super().perform_now(*args)
                    except Exception as first:
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            raise first
            """,
        ),
        WrongAnswer(
            "raises an error of its own",
            "lets the second error through to the caller",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    for _ in range(2):
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            pass
                    raise RuntimeError("It has failed twice.")
            """,
        ),
        WrongAnswer(
            "has a bare `except`",
            "does not try again when ■ has interrupted it",
            {"except Exception:": "except:"},
        ),
        WrongAnswer(
            "ends quietly when it is interrupted",
            "does not try again when ■ has interrupted it",
            {"except Exception:": "except KeyboardInterrupt:\n            return None\n        except Exception:"},
        ),
    ],
    "timed": [
        WrongAnswer(
            "returns the exception",
            "lets its exception through to the caller",
            {"        finally:": "        except Exception as error:\n            return error\n        finally:"},
        ),
        WrongAnswer(
            "forgets to return",
            "returns what the job returns",
            {"return super().perform_now(*args)": "super().perform_now(*args)"},
        ),
        WrongAnswer(
            "returns the time",
            "returns what the job returns",
            """
            import time

            from luffy_lesson.step1_sync import Worker


            class Timed(Worker):
                times = []

                @classmethod
                def perform_now(cls, *args):
                    begin = time.monotonic()
                    super().perform_now(*args)
                    cls.times.append(time.monotonic() - begin)
                    return cls.times[-1]
            """,
        ),
        WrongAnswer(
            "notes the begin and the end",
            "notes one time for a job",
            {"cls.times.append(time.monotonic() - begin)": "cls.times.extend([begin, time.monotonic()])"},
        ),
        WrongAnswer(
            "has a list for each call",
            "notes one time for a job",
            {"cls.times.append(time.monotonic() - begin)": "times = []; times.append(time.monotonic() - begin)"},
        ),
        WrongAnswer(
            "takes the end from the begin",
            "the time is that of the job, in seconds",
            {"time.monotonic() - begin": "begin - time.monotonic()"},
        ),
        WrongAnswer(
            "counts milliseconds",
            "the time is that of the job, in seconds",
            {"time.monotonic() - begin": "(time.monotonic() - begin) * 1000"},
        ),
        WrongAnswer(
            "notes the clock, not the difference",
            "the time is that of the job, in seconds",
            {"time.monotonic() - begin": "time.monotonic()"},
        ),
        WrongAnswer(
            "reads the clock twice after the job",
            "the time is that of the job, in seconds",
            {"cls.times.append(": "begin = time.monotonic(); cls.times.append("},
        ),
        WrongAnswer(
            "has a clock that does not count a sleep",
            "the time is that of the job, in seconds",
            {"begin = time.monotonic()": "begin = time.process_time()"}
            | {"(time.monotonic() - begin)": "(time.process_time() - begin)"},
        ),
        WrongAnswer(
            "notes it only when the job has returned",
            "notes a job that raises, too",
            {"finally:": "except ZeroDivisionError:\n            pass\n        else:"}
            | {"return super().perform_now(*args)": "result = super().perform_now(*args)"}
            | {" - begin)": " - begin)\n            return result"},
        ),
        WrongAnswer(
            "returns in the `finally`",
            "lets its exception through to the caller",
            {"return super().perform_now(*args)": "result = None; result = super().perform_now(*args)"}
            | {" - begin)": " - begin)\n            return result"},
        ),
        WrongAnswer(
            "swallows the exception",
            "lets its exception through to the caller",
            {"        finally:": "        except Exception as error:\n            print(error)\n        finally:"},
        ),
        WrongAnswer(
            "reads the clock on the wall",
            "is right when somebody sets the clock back",
            {"begin = time.monotonic()": "begin = time.time()"}
            | {"(time.monotonic() - begin)": "(time.time() - begin)"},
        ),
        WrongAnswer(
            "imports the clock on the wall by its name",
            "is right when somebody sets the clock back",
            {"import time\n": "from time import time\n"}
            | {"begin = time.monotonic()": "begin = time()"}
            | {"(time.monotonic() - begin)": "(time() - begin)"},
        ),
    ],
    # Lesson 2
    "perform_async": [
        WrongAnswer(
            "forgets to return the thread",
            "returns a thread",
            {"        return thread": "        thread"},
        ),
        WrongAnswer(
            "returns what `start` returns",
            "returns a thread",
            {"thread.start()": "started = thread.start()", "return thread": "return started"},
        ),
        WrongAnswer(
            "starts a process",
            "returns a thread",
            {"import threading": "import multiprocessing"}
            | {"threading.Thread(": 'multiprocessing.get_context("fork").Process('},
        ),
        WrongAnswer(
            "calls `run` instead of `start`",
            "returns before the work is done",
            {"thread.start()": "thread.run()"},
        ),
        WrongAnswer(
            "has parentheses after the target",
            "returns before the work is done",
            {"target=cls.perform_now, args=args": "target=cls.perform_now(*args)"},
        ),
        WrongAnswer(
            "joins the thread",
            "returns before the work is done",
            {"        return thread": "        thread.join()\n        return thread"},
        ),
        WrongAnswer(
            "does not start it",
            "has started the thread",
            {"        thread.start()": "        thread.start"},
        ),
        WrongAnswer(
            "puts the arguments in a tuple once more",
            "the thread does the job, with the arguments",
            {"args=args": "args=(args,)"},
        ),
        WrongAnswer(
            "has arguments that are no tuple",
            "the thread does the job, with the arguments",
            {"args=args": "args=len(args)"},
        ),
        WrongAnswer(
            "forgets the arguments",
            "the thread does the job, with the arguments",
            {", args=args": ""},
        ),
        WrongAnswer(
            "goes past `perform_now`",
            "the job goes through `perform_now`",
            {"target=cls.perform_now": "target=cls().perform"},
        ),
        WrongAnswer(
            "holds a lock while working",
            "five jobs work at the same time",
            """
            import threading

            from luffy_lesson import step1_sync


            class MyWorker(step1_sync.Worker):
                lock = threading.Lock()

                @classmethod
                def perform_async(cls, *args):
                    def work():
                        with cls.lock:
                            cls.perform_now(*args)

                    thread = threading.Thread(target=work)
                    thread.start()
                    return thread
            """,
        ),
    ],
    "limit": [
        WrongAnswer(
            "gives no place back after `sys.exit`",
            "a job that fails gives its place back",
            {
                "            finally:  # a job that fails must not keep its place\n                cls.places.release()": "            except Exception as error:\n                print(error)\n            cls.places.release()"
            },
        ),
        WrongAnswer(
            "goes past `perform_now`",
            "the jobs go through `perform_now`",
            {"cls.perform_now(*args)": "cls().perform(*args)"},
        ),
        WrongAnswer(
            "has one place",
            "lets five work at the same time",
            {"Semaphore(5)": "Semaphore()"},
        ),
        WrongAnswer(
            "joins each thread",
            "lets five work at the same time",
            {"        return thread": "        thread.join()\n        return thread"},
        ),
        WrongAnswer(
            "takes a place in the caller and another in the thread",
            "lets five work at the same time",
            {"            try:": "            cls.places.acquire()\n            try:"},
        ),
        WrongAnswer(
            "has six places",
            "no sixth job is begun meanwhile",
            {"Semaphore(5)": "Semaphore(6)"},
        ),
        WrongAnswer(
            "gives the place back when the thread is started",
            "no sixth job is begun meanwhile",
            """
            import threading

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                places = threading.Semaphore(5)

                @classmethod
                def perform_async(cls, *args):
                    with cls.places:
                        thread = threading.Thread(target=cls.perform_now, args=args)
                        thread.start()
                    return thread
            """,
        ),
        WrongAnswer(
            "has new places for each call",
            "no sixth job is begun meanwhile",
            {"        def work():": "        places = threading.Semaphore(5)\n\n        def work():"}
            | {"cls.places.release()": "places.release()", "cls.places.acquire()": "places.acquire()"},
        ),
        WrongAnswer(
            "does not wait for a place",
            "no sixth job is begun meanwhile",
            {"cls.places.acquire()": "cls.places.acquire(blocking=False)"},
        ),
        WrongAnswer(
            "takes the place in the thread",
            "the sixth caller waits",
            {"        cls.places.acquire()\n": ""}
            | {"            try:": "            cls.places.acquire()\n            try:"},
        ),
        WrongAnswer(
            "sends the sixth caller away",
            "the sixth caller waits",
            {
                "        cls.places.acquire()": "        if not cls.places.acquire(blocking=False):\n            return None"
            },
        ),
        WrongAnswer(
            "forgets to return the thread",
            "returns the threads",
            {"        return thread": "        thread"},
        ),
        WrongAnswer(
            "never gives a place back",
            "a job that ends lets the next one begin",
            {"cls.places.release()": "pass"},
        ),
        WrongAnswer(
            "waits with the lock that who gives back needs",
            "a job that ends lets the next one begin",
            """
            import threading
            import time

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                lock = threading.Lock()
                working = [0]

                @classmethod
                def perform_async(cls, *args):
                    def work():
                        try:
                            cls.perform_now(*args)
                        finally:
                            with cls.lock:
                                cls.working[0] -= 1

                    with cls.lock:
                        while cls.working[0] == 5:
                            time.sleep(0.01)
                        cls.working[0] += 1
                    thread = threading.Thread(target=work, daemon=True)
                    thread.start()
                    return thread
            """,
        ),
        WrongAnswer(
            "waits for the oldest thread, which need not be the first to end",
            "a job that ends lets the next one begin",
            """
            import threading

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                threads = []

                @classmethod
                def perform_async(cls, *args):
                    if len(cls.threads) == 5:
                        cls.threads.pop(0).join()
                    thread = threading.Thread(target=cls.perform_now, args=args)
                    thread.start()
                    cls.threads.append(thread)
                    return thread
            """,
        ),
        WrongAnswer(
            "gives two places back for one",
            "a job that ends lets the next one begin",
            {"                cls.perform_now(*args)": "                cls.perform_now(*args)\n                "}
            | {"            finally:": "                cls.places.release()\n            finally:"},
        ),
        WrongAnswer(
            "gives the place back of a job that returns, only",
            "a job that fails gives its place back",
            {
                "            finally:  # a job that fails must not keep its place\n                ": "            finally:\n                pass\n            "
            },
        ),
        WrongAnswer(
            "gives the place back after the job, without `finally`",
            "a job that fails gives its place back",
            """
            import threading

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                places = threading.Semaphore(5)

                @classmethod
                def perform_async(cls, *args):
                    def work():
                        cls.perform_now(*args)
                        cls.places.release()

                    cls.places.acquire()
                    thread = threading.Thread(target=work)
                    thread.start()
                    return thread
            """,
        ),
    ],
    "with_result": [
        WrongAnswer(
            "catches some exceptions by their names",
            "ends the wait whatever a job has raised",
            {"except BaseException as error": "except (Exception, SystemExit) as error"},
        ),
        WrongAnswer(
            "goes past `perform_now`",
            "the job goes through `perform_now`",
            {"cls.perform_now(*args)": "cls().perform(*args)"},
        ),
        WrongAnswer(
            "has one future for all jobs",
            "has a new future for each job",
            {"    @classmethod": "    future = Future()\n\n    @classmethod"}
            | {"        future = Future()\n": "        future = cls.future\n"},
        ),
        WrongAnswer(
            "returns the thread",
            "returns a future",
            {"        threading.Thread(target=work).start()": "        thread = threading.Thread(target=work)"}
            | {"return future": "thread.start()\n        return thread"},
        ),
        WrongAnswer(
            "returns the result of the future",
            "returns a future",
            {"return future": "return future.result()"},
        ),
        WrongAnswer(
            "has the result before there is a thread",
            "returns before the work is done",
            {"        def work():": "        result = cls.perform_now(*args)\n\n        def work():"}
            | {"future.set_result(cls.perform_now(*args))": "future.set_result(result)"},
        ),
        WrongAnswer(
            "puts the thread in the future",
            "returns before the work is done",
            """
            import threading
            from concurrent.futures import Future

            from luffy_lesson import step1_sync


            class WithResult(step1_sync.Worker):
                @classmethod
                def perform_future(cls, *args):
                    future = Future()
                    thread = threading.Thread(target=cls.perform_now, args=args)
                    thread.start()
                    future.set_result(thread)
                    return future
            """,
        ),
        WrongAnswer(
            "does the work, and tells the future nothing",
            "has the job's result later",
            {"future.set_result(cls.perform_now(*args))": "cls.perform_now(*args)"},
        ),
        WrongAnswer(
            "forgets the star",
            "has the job's result later",
            {"cls.perform_now(*args)": "cls.perform_now(args)"},
        ),
        WrongAnswer(
            "does not start the thread",
            "has the job's result later",
            {"threading.Thread(target=work).start()": "threading.Thread(target=work)"},
        ),
        WrongAnswer(
            "tells the future that it is done, and no result",
            "has the job's result later",
            {
                "future.set_result(cls.perform_now(*args))": "cls.perform_now(*args)\n                future.set_result(None)"
            },
        ),
        WrongAnswer(
            "lets the exception end the thread",
            "raises what the job has raised",
            """
            import threading
            from concurrent.futures import Future

            from luffy_lesson import step1_sync


            class WithResult(step1_sync.Worker):
                @classmethod
                def perform_future(cls, *args):
                    future = Future()

                    def work():
                        future.set_result(cls.perform_now(*args))

                    threading.Thread(target=work).start()
                    return future
            """,
        ),
        WrongAnswer(
            "hands the exception on as a result",
            "raises what the job has raised",
            {"future.set_exception(error)": "future.set_result(error)"},
        ),
        WrongAnswer(
            "cancels the future of a job that failed",
            "raises what the job has raised",
            {"future.set_exception(error)": "future.cancel()"},
        ),
        WrongAnswer(
            "only tells what the exception says",
            "raises what the job has raised",
            {"future.set_exception(error)": "future.set_exception(RuntimeError(str(error)))"},
        ),
        WrongAnswer(
            "catches `Exception` only",
            "ends the wait after `sys.exit` in a job, too",
            {"except BaseException as error": "except Exception as error"},
        ),
    ],
    # Lesson 3
    "processor": [
        WrongAnswer(
            "takes the job, and does nothing with it",
            "performs the job that waits",
            {"job.perform()": "pass"},
        ),
        WrongAnswer(
            "calls the job itself",
            "performs the job that waits",
            {"job.perform()": "job()"},
        ),
        WrongAnswer(
            "works while it is told to stop",
            "performs the job that waits",
            {"while not self.stopping": "while self.stopping"},
        ),
        WrongAnswer(
            "goes when nothing waits",
            "performs the job that waits",
            {"                continue": "                break"},
        ),
        WrongAnswer(
            "does not expect an empty queue",
            "performs the job that waits",
            """
            import threading


            class MyProcessor:
                def __init__(self, backend):
                    self.backend = backend
                    self.stopping = threading.Event()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    while not self.stopping.is_set():
                        job = self.backend.get(timeout=0.1)
                        try:
                            job.perform()
                        except Exception as error:
                            print(f"{job} failed: {error}")
                        finally:
                            self.backend.task_done()

                def stop(self):
                    self.stopping.set()
                    self.thread.join()
            """,
        ),
        WrongAnswer(
            "forgets `task_done`",
            "says that it is done",
            {"self.backend.task_done()": "pass"},
        ),
        WrongAnswer(
            "calls `task_done` before the work",
            "says so after the work",
            {"                job.perform()": "                self.backend.task_done()\n                job.perform()"}
            | {"                self.backend.task_done()\n\n": "                pass\n\n"},
        ),
        WrongAnswer(
            "performs one job",
            "goes on after a job that raises, or that calls `sys.exit`",
            {
                "                self.backend.task_done()\n": "                self.backend.task_done()\n                return\n"
            },
        ),
        WrongAnswer(
            "catches nothing",
            "goes on after a job that raises, or that calls `sys.exit`",
            {"except BaseException as error:": "except queue.Empty as error:"},
        ),
        WrongAnswer(
            "catches `Exception` only",
            "goes on after a job that raises, or that calls `sys.exit`",
            {"except BaseException as error:": "except Exception as error:"},
        ),
        WrongAnswer(
            "catches around the loop, and the loop is over",
            "goes on after a job that raises, or that calls `sys.exit`",
            """
            import queue
            import threading


            class MyProcessor:
                def __init__(self, backend):
                    self.backend = backend
                    self.stopping = threading.Event()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    try:
                        while not self.stopping.is_set():
                            try:
                                job = self.backend.get(timeout=0.1)
                            except queue.Empty:
                                continue
                            try:
                                job.perform()
                            finally:
                                self.backend.task_done()
                    except Exception as error:
                        print(error)

                def stop(self):
                    self.stopping.set()
                    self.thread.join()
            """,
        ),
        WrongAnswer(
            "says of the job that returns that it is done, only",
            "says of the failed job that it is done, too",
            {"                job.perform()": "                job.perform()\n                self.backend.task_done()"}
            | {"                self.backend.task_done()\n\n": "                pass\n\n"},
        ),
        WrongAnswer(  # costs as long as a step may take
            "waits for a job for ever",
            "`stop()` ends it when there is nothing to do",
            {"self.backend.get(timeout=0.1)": "self.backend.get()"},
        ),
        WrongAnswer(
            "stops without a word to the thread",
            "`stop()` ends it when there is nothing to do",
            {"        self.stopping.set()\n        self.thread.join()": "        pass"},
        ),
        WrongAnswer(
            "does not wait for the thread",
            "`stop()` lets the job in hand finish, and waits for it",
            {"        self.thread.join()": "        self.thread.join"},
        ),
        WrongAnswer(
            "gives the thread a moment only",
            "`stop()` lets the job in hand finish, and waits for it",
            {"self.thread.join()": "self.thread.join(0.01)"},
        ),
        WrongAnswer(
            "looks at the flag when nothing waits, only",
            "takes no more jobs after that",
            {"while not self.stopping.is_set():": "while True:"}
            | {
                "                continue": "                if self.stopping.is_set():\n                    return\n                continue"
            },
        ),
    ],
    "stop_within": [
        WrongAnswer(
            "sleeps, and looks then",
            "returns as soon as all have ended",
            """
            import time


            def stop_within(processors, seconds):
                for processor in processors:
                    processor.stopping.set()
                time.sleep(seconds)
                return [processor.thread.name for processor in processors if processor.thread.is_alive()]
            """,
        ),
        WrongAnswer(
            "raises no flag",
            "stops processors that are idle",
            {"processor.stopping.set()": "processor.stopping"},
        ),
        WrongAnswer(
            "waits for nobody",
            "stops processors that are idle",
            {"processor.thread.join(max(0, deadline - time.monotonic()))": "pass"},
        ),
        WrongAnswer(
            "has a deadline that is over",
            "stops processors that are idle",
            {"deadline - time.monotonic()": "time.monotonic() - deadline"},
        ),
        WrongAnswer(
            "forgets to return",
            "returns an empty list when nobody is late",
            {"    return [": "    [", "if processor.thread.is_alive()]": "if processor.thread.is_alive()]\n"},
        ),
        WrongAnswer(
            "returns all names",
            "returns an empty list when nobody is late",
            {" if processor.thread.is_alive()]": "]"},
        ),
        WrongAnswer(
            "returns how many are late",
            "returns an empty list when nobody is late",
            {"    return [": "    return sum(1 for _ in [", "is_alive()]": "is_alive()])"},
        ),
        WrongAnswer(
            "looks who is alive before it waits",
            "returns an empty list when nobody is late",
            """
            import time


            def stop_within(processors, seconds):
                deadline = time.monotonic() + seconds
                for processor in processors:
                    processor.stopping.set()
                late = [processor.thread.name for processor in processors if processor.thread.is_alive()]
                for processor in processors:
                    processor.thread.join(max(0, deadline - time.monotonic()))
                return late
            """,
        ),
        WrongAnswer(
            "tells one, waits for it, tells the next",
            "tells all of them before it waits for the first",
            """
            import time


            def stop_within(processors, seconds):
                deadline = time.monotonic() + seconds
                for processor in processors:
                    processor.stopping.set()
                    processor.thread.join(max(0, deadline - time.monotonic()))
                return [processor.thread.name for processor in processors if processor.thread.is_alive()]
            """,
        ),
        WrongAnswer(
            "gives each an equal part of the time, also when the others do not need theirs",
            "waits for a job that ends in time",
            {"max(0, deadline - time.monotonic())": "seconds / len(processors)"},
        ),
        WrongAnswer(
            "returns the threads",
            "names those who are late",
            {"[processor.thread.name": "[processor.thread"},
        ),
        WrongAnswer(
            "returns the processors",
            "names those who are late",
            {"[processor.thread.name": "[processor"},
        ),
        WrongAnswer(
            "returns the names in one string",
            "returns an empty list when nobody is late",
            {"return [": 'return ", ".join([', "is_alive()]": "is_alive()])"},
        ),
        WrongAnswer(
            "gives all of the time to each",
            "lets those who are late share the time",
            {"max(0, deadline - time.monotonic())": "seconds"},
        ),
    ],
    "priorities": [
        WrongAnswer(
            "asks whether it has `urgent`",
            "a worker with `urgent = False` is not urgent",
            {'getattr(job.worker, "urgent", False)': 'hasattr(job.worker, "urgent")'},
        ),
        WrongAnswer(
            "hands out the whole tuple",
            "hands out the job that was put in",
            {"super().get(block, timeout)[-1]": "super().get(block, timeout)"},
        ),
        WrongAnswer(
            "hands out the number",
            "hands out the job that was put in",
            {"super().get(block, timeout)[-1]": "super().get(block, timeout)[1]"},
        ),
        WrongAnswer(
            "has a `get` without arguments",
            "hands out the job that was put in",
            {"def get(self, block=True, timeout=None)": "def get(self)", "get(block, timeout)": "get()"},
        ),
        WrongAnswer(
            "hands out what is urgent last",
            "hands out what is urgent first",
            {"(not urgent,": "(urgent,"},
        ),
        WrongAnswer(
            "puts the number first",
            "hands out what is urgent first",
            {"(not urgent, next(self.numbers), job)": "(next(self.numbers), not urgent, job)"},
        ),
        WrongAnswer(
            "has no number",
            "keeps the order of equally urgent ones",
            {"not urgent, next(self.numbers), job": "not urgent, job"},
        ),
        WrongAnswer(
            "counts down",
            "keeps the order of equally urgent ones",
            {"next(self.numbers)": "-next(self.numbers)"},
        ),
        WrongAnswer(
            "takes the number of waiting jobs for a number",
            "keeps the order of equally urgent ones",
            {"next(self.numbers)": "self.qsize()"},
        ),
        WrongAnswer(
            "hands out nothing when it is empty",
            "raises `queue.Empty` when nothing comes in time",
            {
                "        return super().get(block, timeout)[-1]": "        try:\n            return super().get(block, timeout)[-1]"
            }
            | {"numbers = itertools.count()": "numbers = itertools.count()\n"}
            | {"[-1]\n": "[-1]\n        except queue.Empty:\n            return None\n"},
        ),
        WrongAnswer(  # costs as long as a step may take
            "ignores the timeout",
            "raises `queue.Empty` when nothing comes in time",
            {"super().get(block, timeout)": "super().get(block)"},
        ),
        WrongAnswer(
            "has no `block`",
            "does not wait with `block=False`",
            {"def get(self, block=True, timeout=None)": "def get(self, timeout=None)"}
            | {"get(block, timeout)": "get(timeout=timeout)"},
        ),
        WrongAnswer(
            "has two queues, and no `task_done`",
            "is a backend: processors take the jobs, and `join()` ends",
            """
            import queue
            import time


            class TwoPriorities:
                def __init__(self):
                    self.urgent, self.usual = [], []

                def put(self, job):
                    (self.urgent if getattr(job.worker, "urgent", False) else self.usual).append(job)

                def get(self, block=True, timeout=None):
                    deadline = float("inf") if timeout is None else time.monotonic() + timeout
                    while True:
                        for jobs in (self.urgent, self.usual):
                            if jobs:
                                return jobs.pop(0)
                        if not block or time.monotonic() > deadline:
                            raise queue.Empty
                        time.sleep(0.01)

                def qsize(self):
                    return len(self.urgent) + len(self.usual)
            """,
        ),
        WrongAnswer(
            "has a heap of its own, of which `join` does not know",
            "is a backend: processors take the jobs, and `join()` ends",
            """
            import heapq
            import itertools
            import queue
            import time


            class TwoPriorities(queue.Queue):
                numbers = itertools.count()

                def __init__(self):
                    super().__init__()
                    self.heap = []

                def put(self, job):
                    urgent = getattr(job.worker, "urgent", False)
                    heapq.heappush(self.heap, (not urgent, next(self.numbers), job))

                def get(self, block=True, timeout=None):
                    deadline = float("inf") if timeout is None else time.monotonic() + timeout
                    while not self.heap:
                        if not block or time.monotonic() > deadline:
                            raise queue.Empty
                        time.sleep(0.01)
                    return heapq.heappop(self.heap)[-1]
            """,
        ),
    ],
    # Lesson 4
    "redis_backend": [
        WrongAnswer(
            "looks, sleeps, and looks again",
            "`get` waits for a job that comes later",
            """
            import queue
            import time


            class MyBackend:
                def __init__(self, connection, key):
                    self.connection, self.key = connection, key

                def put(self, job):
                    return self.connection.lpush(self.key, job)

                def get(self, timeout):
                    job = self.connection.rpop(self.key)
                    if job is None:
                        time.sleep(timeout)
                        job = self.connection.rpop(self.key)
                    if job is None:
                        raise queue.Empty
                    return job
            """,
        ),
        WrongAnswer(
            "forgets to return what Redis answers",
            "`put` returns how many wait",
            {"return self.connection.lpush": "self.connection.lpush"},
        ),
        WrongAnswer(
            "returns itself",
            "`put` returns how many wait",
            {
                "return self.connection.lpush(self.key, job)": "self.connection.lpush(self.key, job)\n        return self"
            },
        ),
        WrongAnswer(
            "adds at the right",
            "`put` adds at the left of the list",
            {"lpush": "rpush", "brpop": "blpop"},
        ),
        WrongAnswer(
            "has a key of its own",
            "`put` adds at the left of the list",
            {"self.connection, self.key = connection, key": 'self.connection, self.key = connection, "luffy:jobs"'},
        ),
        WrongAnswer(
            "takes from the end at which it adds",
            "`get` takes the job that has waited longest",
            {"brpop": "blpop"},
        ),
        WrongAnswer(
            "returns key and job",
            "`get` takes the job that has waited longest",
            {"answer[1]": "answer"},
        ),
        WrongAnswer(
            "returns the key",
            "`get` takes the job that has waited longest",
            {"answer[1]": "answer[0]"},
        ),
        WrongAnswer(
            "reads, and does not take",
            "`get` takes it out of the list",
            {"self.connection.brpop(self.key, timeout)": "self.connection.lindex(self.key, -1)", "answer[1]": "answer"},
        ),
        WrongAnswer(
            "returns None when there is nothing",
            "`get` raises `queue.Empty` when nothing comes in time",
            {"raise queue.Empty": "return None"},
        ),
        WrongAnswer(
            "does not expect None",
            "`get` raises `queue.Empty` when nothing comes in time",
            {"        if answer is None:\n            raise queue.Empty\n": ""},
        ),
        WrongAnswer(  # costs as long as a step may take
            "ignores the timeout",
            "`get` raises `queue.Empty` when nothing comes in time",
            {"brpop(self.key, timeout)": "brpop(self.key)"},
        ),
        WrongAnswer(
            "does not wait",
            "`get` waits for a job that comes later",
            {"brpop(self.key, timeout)": "rpop(self.key)", "answer[1]": "answer"},
        ),
        WrongAnswer(
            "looks, then takes",
            "gives each job to one taker only",
            """
            import queue
            import time


            class MyBackend:
                def __init__(self, connection, key):
                    self.connection, self.key = connection, key

                def put(self, job):
                    return self.connection.lpush(self.key, job)

                def get(self, timeout):
                    deadline = time.monotonic() + timeout
                    while time.monotonic() < deadline:
                        job = self.connection.lindex(self.key, -1)
                        if job is not None:
                            self.connection.rpop(self.key)
                            return job
                        time.sleep(0.01)
                    raise queue.Empty
            """,
        ),
    ],
    "two_queues": [
        WrongAnswer(
            "asks the urgent queue only",
            "gets a usual job",
            {"[self.urgent, self.usual]": "self.urgent"},
        ),
        WrongAnswer(
            "returns key and job",
            "gets a usual job",
            {"answer[1]": "answer"},
        ),
        WrongAnswer(
            "hands two keys on as two arguments",
            "gets a usual job",
            {"[self.urgent, self.usual]": "self.urgent, self.usual"},
        ),
        WrongAnswer(
            "asks the usual queue first",
            "gets an urgent job before the usual ones",
            {"[self.urgent, self.usual]": "[self.usual, self.urgent]"},
        ),
        WrongAnswer(
            "takes at the left",
            "gets the oldest of each first",
            {"brpop": "blpop"},
        ),
        WrongAnswer(
            "returns None when there is nothing",
            "raises `queue.Empty` when nothing comes in time",
            {"raise queue.Empty": "return None"},
        ),
        WrongAnswer(
            "does not wait",
            "waits for an urgent job",
            {"self.connection.brpop([self.urgent, self.usual], timeout)": "self.connection.rpop(self.urgent)"}
            | {
                "        if answer is None": "        if answer is None:\n            answer = self.connection.rpop(self.usual)\n        if answer is None"
            }
            | {"answer[1]": "answer"},
        ),
        WrongAnswer(
            "looks at the urgent queue, then waits for a usual job",
            "waits for an urgent job",
            """
            import queue


            class TwoQueues:
                def __init__(self, connection, urgent, usual):
                    self.connection, self.urgent, self.usual = connection, urgent, usual

                def get(self, timeout):
                    job = self.connection.rpop(self.urgent)
                    if job is not None:
                        return job
                    answer = self.connection.brpop(self.usual, timeout)
                    if answer is None:
                        raise queue.Empty
                    return answer[1]
            """,
        ),
        WrongAnswer(
            "waits for one queue, then for the other",
            "waits for a usual job at the same time",
            {
                "self.connection.brpop([self.urgent, self.usual], timeout)": "self.connection.brpop(self.urgent, timeout / 2)"
            }
            | {
                "        if answer is None": "        answer = answer or self.connection.brpop(self.usual, timeout / 2)\n        if answer is None"
            },
        ),
    ],
    "once": [
        WrongAnswer(
            "marks the hash of the job",
            "refuses it in another process, too",
            {'f"{self.key}:{job}"': 'f"{self.key}:{hash(job)}"'},
        ),
        WrongAnswer(
            "begins the minute again with each click",
            "the mark goes away by itself",
            {
                'if not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60)': 'if self.connection.set(f"{self.key}:{job}", 1, ex=60, get=True)'
            },
        ),
        WrongAnswer(
            "returns what Redis answers",
            "puts a job in the list, and returns True",
            {
                "        self.connection.lpush(self.key, job)\n        return True": "        return self.connection.lpush(self.key, job)"
            },
        ),
        WrongAnswer(
            "marks the job, and does not add it",
            "puts a job in the list, and returns True",
            {"        self.connection.lpush(self.key, job)\n": ""},
        ),
        WrongAnswer(
            "has the mark at the key of the list",
            "puts a job in the list, and returns True",
            {'f"{self.key}:{job}"': "self.key"},
        ),
        WrongAnswer(
            "remembers nothing",
            "refuses an equal one, and returns False",
            {", nx=True": ""},
        ),
        WrongAnswer(
            "returns None when it refuses",
            "refuses an equal one, and returns False",
            {"return False": "return"},
        ),
        WrongAnswer(
            "adds the job before it asks",
            "refuses an equal one, and returns False",
            {"        self.connection.lpush(self.key, job)\n        return": "        return"}
            | {"        # Ask and": "        self.connection.lpush(self.key, job)\n        # Ask and"},
        ),
        WrongAnswer(
            "has one mark for all jobs",
            "lets another job in",
            {'f"{self.key}:{job}"': 'f"{self.key}:seen"'},
        ),
        WrongAnswer(
            "remembers in a set of Python's",
            "refuses it in another process, too",
            """
            class Once:
                def __init__(self, connection, key):
                    self.connection, self.key = connection, key
                    self.seen = set()

                def put(self, job):
                    if job in self.seen:
                        return False
                    self.seen.add(job)
                    self.connection.lpush(self.key, job)
                    return True
            """,
        ),
        WrongAnswer(
            "has marks that stay",
            "the mark goes away by itself",
            {", ex=60": ""},
        ),
        WrongAnswer(
            "has marks that stay for an hour",
            "the mark goes away by itself",
            {"ex=60": "ex=3600"},
        ),
        WrongAnswer(
            "looks for the job in the list",
            "the mark goes away by itself",
            """
            class Once:
                def __init__(self, connection, key):
                    self.connection, self.key = connection, key

                def put(self, job):
                    if self.connection.lpos(self.key, job) is not None:
                        return False
                    self.connection.lpush(self.key, job)
                    return True
            """,
        ),
        WrongAnswer(
            "has a set of marks that lives on with each job",
            "the mark goes away by itself",
            {
                'self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60)': 'self.connection.sadd(f"{self.key}:seen", job)'
            }
            | {
                "        self.connection.lpush": '        self.connection.expire(f"{self.key}:seen", 60)\n        self.connection.lpush'
            },
        ),
        WrongAnswer(
            "remembers in Redis and in Python",
            "lets the job in again after that",
            """
            class Once:
                def __init__(self, connection, key):
                    self.connection, self.key = connection, key
                    self.seen = set()

                def put(self, job):
                    if job in self.seen or not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60):
                        return False
                    self.seen.add(job)
                    self.connection.lpush(self.key, job)
                    return True
            """,
        ),
        WrongAnswer(
            "asks, then sets",
            "lets one of many in that come at the same moment",
            {
                'if not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60)': 'if self.connection.exists(f"{self.key}:{job}")'
            }
            | {
                "        self.connection.lpush": '        self.connection.set(f"{self.key}:{job}", 1, ex=60)\n        self.connection.lpush'
            },
        ),
    ],
    "sqlite_backend": [
        WrongAnswer(
            "deletes by the text",
            "equal jobs are two jobs",
            {"WHERE id = (SELECT min(id) FROM jobs)": "WHERE payload = (SELECT payload FROM jobs ORDER BY id LIMIT 1)"},
        ),
        WrongAnswer(
            "takes no timeout for no wait",
            "waits as long as it takes without a `timeout`",
            {'float("inf") if timeout is None else time.monotonic() + timeout': "time.monotonic() + (timeout or 0)"},
        ),
        WrongAnswer(
            "hands out the row",
            "hands out what was put in",
            {"return row[0]": "return row"},
        ),
        WrongAnswer(
            "opens a database in memory each time",
            "hands out what was put in",
            {"sqlite3.connect(self.path,": 'sqlite3.connect(":memory:",'},
        ),
        WrongAnswer(
            "does not commit",
            "hands out what was put in",
            {", isolation_level=None": ""},
        ),
        WrongAnswer(
            "counts a row, and returns the row",
            "`qsize` tells how many wait",
            {'FROM jobs")[0]': 'FROM jobs")'},
        ),
        WrongAnswer(
            "reads, and does not take",
            "`qsize` tells how many wait",
            {
                "DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs) RETURNING payload": "SELECT payload FROM jobs ORDER BY id"
            },
        ),
        WrongAnswer(
            "takes the newest",
            "the job that has waited longest leaves first",
            {"min(id)": "max(id)"},
        ),
        WrongAnswer(
            "takes the first in the alphabet",
            "the job that has waited longest leaves first",
            {"id = (SELECT min(id) FROM jobs)": "payload = (SELECT min(payload) FROM jobs)"},
        ),
        WrongAnswer(
            "keeps one database in memory",
            "jobs outlive the backend",
            {"self.path = path\n": 'self.connection = sqlite3.connect(":memory:", check_same_thread=False)\n'}
            | {
                "        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:\n": "        with closing(self.connection.cursor()) as connection:\n"
            },
        ),
        WrongAnswer(
            "makes the table as if there were none",
            "jobs outlive the backend",
            {"IF NOT EXISTS ": ""},
        ),
        WrongAnswer(
            "begins with an empty table",
            "jobs outlive the backend",
            {
                '        self.execute("CREATE': '        self.execute("DROP TABLE IF EXISTS jobs")\n        self.execute("CREATE'
            },
        ),
        WrongAnswer(
            "keeps one connection, and does not commit",
            "jobs outlive the backend",
            {"self.path = path\n": "self.connection = sqlite3.connect(path)\n"}
            | {
                "        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:\n": "        with closing(self.connection.cursor()) as connection:\n"
            },
        ),
        WrongAnswer(
            "returns None when there is nothing",
            "raises `queue.Empty` when nothing comes in time",
            {"raise queue.Empty": "return None"},
        ),
        WrongAnswer(  # costs as long as a step may take
            "ignores `block`",
            "does not wait with `block=False`",
            {"if not block or time.monotonic() > deadline": "if time.monotonic() > deadline"},
        ),
        WrongAnswer(
            "does not wait",
            "waits for a job that comes later, in another thread",
            {
                "            if not block or time.monotonic() > deadline:\n                raise queue.Empty": "            raise queue.Empty"
            },
        ),
        WrongAnswer(
            "has one connection for all threads",
            "waits for a job that comes later, in another thread",
            {"self.path = path\n": "self.connection = sqlite3.connect(path, isolation_level=None)\n"}
            | {
                "        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:\n": "        with closing(self.connection.cursor()) as connection:\n"
            },
        ),
        WrongAnswer(
            "looks, then takes",
            "gives each job to one taker only",
            {
                "DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs) RETURNING payload": "SELECT payload, id FROM jobs ORDER BY id"
            }
            | {
                "                return row[0]": '                self.execute("DELETE FROM jobs WHERE id = ?", row[1])\n                return row[0]'
            },
        ),
    ],
    # Lesson 5
    "acknowledge": [
        WrongAnswer("takes the newest", "`get` takes the oldest job", {'"RIGHT", "LEFT"': '"LEFT", "LEFT"'}),
        WrongAnswer("forgets to return", "`get` takes the oldest job", {"        return job\n": ""}),
        WrongAnswer(
            "takes, and keeps nothing",
            "it is in flight now, and not in the queue",
            {'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': "rpop(self.key)"},
        ),
        WrongAnswer(
            "copies",
            "it is in flight now, and not in the queue",
            {
                'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': "lindex(self.key, -1)",
                "        return job\n": "        self.connection.lpush(self.in_flight, job)\n        return job\n",
            },
        ),
        WrongAnswer(
            "returns None", "`get` raises `queue.Empty` when nothing is there", {"raise queue.Empty": "return None"}
        ),
        WrongAnswer(
            "removes the oldest in flight",
            "`task_done` removes that job, and no other",
            {"lrem(self.in_flight, 1, job)": "rpop(self.in_flight)"},
        ),
        WrongAnswer(
            "removes all that is in flight",
            "`task_done` removes that job, and no other",
            {"lrem(self.in_flight, 1, job)": "delete(self.in_flight)"},
        ),
        WrongAnswer(
            "puts it back when it is done",
            "`task_done` removes that job, and no other",
            {"lrem(self.in_flight, 1, job)": "lrem(self.in_flight, 1, job) and self.connection.lpush(self.key, job)"},
        ),
        WrongAnswer(
            "removes all equal ones",
            "of two equal jobs it removes one",
            {"self.in_flight, 1, job": "self.in_flight, 0, job"},
        ),
        WrongAnswer(
            "looks, then removes",
            "two that take at the same time get different jobs",
            {
                'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': "lindex(self.key, -1)",
                "        return job\n": "        self.connection.lpush(self.in_flight, job)\n        self.connection.lrem(self.key, -1, job)\n        return job\n",
            },
        ),
        WrongAnswer(
            "asks first whether there is one",
            "two that take at the same time get different jobs",
            """
            import queue


            class MyReliable:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def get(self):
                    if not self.connection.llen(self.key):
                        raise queue.Empty
                    self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
                    return self.connection.lindex(self.in_flight, 0)

                def task_done(self, job):
                    self.connection.lrem(self.in_flight, 1, job)
            """,
        ),
        WrongAnswer(
            "pops, then pushes",
            "a job is in one of the two lists at any moment",
            {
                'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': "rpop(self.key)",
                "        return job\n": "        self.connection.lpush(self.in_flight, job)\n        return job\n",
            },
        ),
    ],
    "put_back": [
        WrongAnswer(
            "moves the other way",
            "moves what was in flight to the queue",
            {"lmove(in_flight, key,": "lmove(key, in_flight,"},
        ),
        WrongAnswer(
            "copies",
            "moves what was in flight to the queue",
            """
            def put_back(connection, in_flight, key):
                jobs = connection.lrange(in_flight, 0, -1)
                return connection.rpush(key, *jobs) if jobs else 0
            """,
        ),
        WrongAnswer("forgets to return", "returns how many it has moved", {"    return count\n": ""}),
        WrongAnswer(
            "returns how many wait now",
            "returns how many it has moved",
            {"return count": "return connection.llen(key)"},
        ),
        WrongAnswer("moves one", "returns how many it has moved", {"while": "if"}),
        WrongAnswer(
            "puts them behind what waits",
            "they are taken next, before what waits",
            {'"LEFT", "RIGHT"': '"RIGHT", "LEFT"'},
        ),
        WrongAnswer(
            "turns the order round", "in the order in which they were taken", {'"LEFT", "RIGHT"': '"RIGHT", "RIGHT"'}
        ),
        WrongAnswer(
            "takes equal jobs for one",
            "equal jobs are two jobs",
            """
            def put_back(connection, in_flight, key):
                count = 0
                for job in connection.lrange(in_flight, 0, -1):
                    if connection.lrem(in_flight, 0, job):
                        connection.rpush(key, job)
                        count += 1
                return count
            """,
        ),
        WrongAnswer(
            "reads, adds and deletes",
            "each job goes back once when two do it at the same time",
            """
            def put_back(connection, in_flight, key):
                jobs = connection.lrange(in_flight, 0, -1)
                if jobs:
                    connection.rpush(key, *jobs)
                    connection.delete(in_flight)
                return len(jobs)
            """,
        ),
        WrongAnswer(
            "reads, then adds and deletes in a transaction",
            "each job goes back once when two do it at the same time",
            """
            def put_back(connection, in_flight, key):
                jobs = connection.lrange(in_flight, 0, -1)
                if jobs:
                    connection.pipeline().rpush(key, *jobs).delete(in_flight).execute()
                return len(jobs)
            """,
        ),
        WrongAnswer(
            "counts before it moves",
            "each job goes back once when two do it at the same time",
            {"count = 0": "count = connection.llen(in_flight)", "count += 1": "pass"},
        ),
        WrongAnswer(
            "pops, then pushes",
            "a job is in one of the two lists at any moment",
            """
            def put_back(connection, in_flight, key):
                count = 0
                while (job := connection.lpop(in_flight)) is not None:
                    connection.rpush(key, job)
                    count += 1
                return count
            """,
        ),
        WrongAnswer(
            "has removed it before it adds it, in a pipeline that is no transaction",
            "a job is in one of the two lists at any moment",
            """
            import redis


            def put_back(connection, in_flight, key):
                count = 0
                while (job := connection.lindex(in_flight, 0)) is not None:
                    removed, _ = connection.pipeline(transaction=False).lpop(in_flight).rpush(key, job).execute()
                    if removed != job:
                        connection.rpop(key)
                        if removed is not None:
                            connection.lpush(in_flight, removed)
                    else:
                        count += 1
                return count
            """,
        ),
    ],
    "charge_once": [
        WrongAnswer("forgets to return True", "charges, and returns True", {"        return True\n": ""}),
        WrongAnswer("does not charge", "charges, and returns True", {"self.charge(amount)": "pass"}),
        WrongAnswer("charges the id", "charges, and returns True", {"charge(amount)": "charge(job_id)"}),
        WrongAnswer(
            "remembers nothing", "does not charge for the same job again, and returns False", {", nx=True": ""}
        ),
        WrongAnswer(
            "returns None when it has charged before",
            "does not charge for the same job again, and returns False",
            {"return False": "return"},
        ),
        WrongAnswer(
            "takes the mark back in any case",
            "does not charge for the same job again, and returns False",
            {"except BaseException:": "finally:", "            raise\n": ""},
        ),
        WrongAnswer("marks the amount", "charges for another job of the same amount", {"{job_id}": "{amount}"}),
        WrongAnswer("has one mark for all", "charges for another job of the same amount", {":{job_id}": ":charged"}),
        WrongAnswer("marks the hash of the id", "remembers it in another process, too", {"{job_id}": "{hash(job_id)}"}),
        WrongAnswer(
            "remembers in a set of Python's",
            "remembers it in another process, too",
            """
            class ChargeOnce:
                def __init__(self, connection, key, charge):
                    self.charge, self.done = charge, set()

                def perform(self, job_id, amount):
                    if job_id in self.done:
                        return False
                    self.charge(amount)
                    self.done.add(job_id)
                    return True
            """,
        ),
        WrongAnswer("has marks that stay", "the mark goes away by itself after a day", {", ex=24 * 60 * 60": ""}),
        WrongAnswer("has marks for a minute", "the mark goes away by itself after a day", {"ex=24 * 60 * 60": "ex=60"}),
        WrongAnswer(
            "has a set of all jobs",
            "the mark goes away by itself after a day",
            {
                "self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60)": "self.connection.sadd(self.key, job_id)",
                "        try:\n": "        self.connection.expire(self.key, 24 * 60 * 60)\n        try:\n",
                "self.connection.delete(mark)": "self.connection.srem(self.key, job_id)",
            },
        ),
        WrongAnswer(
            "asks, then sets",
            "charges once when two perform it at the same moment",
            {
                "not self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60)": "self.connection.exists(mark)",
                "        try:\n": "        self.connection.set(mark, 1, ex=24 * 60 * 60)\n        try:\n",
            },
        ),
        WrongAnswer(
            "sets the mark after the charge",
            "charges once when two perform it at the same moment",
            """
            class ChargeOnce:
                def __init__(self, connection, key, charge):
                    self.connection, self.key, self.charge = connection, key, charge

                def perform(self, job_id, amount):
                    mark = f"{self.key}:{job_id}"
                    if self.connection.exists(mark):
                        return False
                    self.charge(amount)
                    return bool(self.connection.set(mark, 1, nx=True, ex=24 * 60 * 60))
            """,
        ),
        WrongAnswer(
            "swallows the error",
            "lets the error of `charge` through",
            {"            raise\n": "            return False\n"},
        ),
        WrongAnswer(
            "leaves the mark",
            "charges at the next try when `charge` has raised",
            {"            self.connection.delete(mark)\n": ""},
        ),
        WrongAnswer(
            "raises before it takes the mark back",
            "charges at the next try when `charge` has raised",
            {
                "            self.connection.delete(mark)\n            raise\n": "            raise\n            self.connection.delete(mark)\n"
            },
        ),
        WrongAnswer(
            "takes all marks back",
            "takes back the mark of that job, and no other",
            {"delete(mark)": "delete(*self.connection.keys(f'{self.key}:*'))"},
        ),
    ],
    # Lesson 6
    "schedule": [
        WrongAnswer(
            "adds it to the queue",
            "`put_in` adds a job to the sorted set",
            {"zadd(self.later, {job: time.time() + seconds})": "lpush(self.key, job)"},
        ),
        WrongAnswer(
            "waits, and adds it then",
            "`put_in` adds a job to the sorted set",
            {
                "self.connection.zadd(self.later, {job: time.time() + seconds})": "threading.Timer(seconds, self.connection.lpush, [self.key, job]).start()",
                "import time\n": "import threading\nimport time\n",
            },
        ),
        WrongAnswer(
            "has the seconds as the score",
            "its score is when it is due, in seconds since 1970",
            {"{job: time.time() + seconds}": "{job: seconds}"},
        ),
        WrongAnswer(
            "has a clock that begins anew with the machine",
            "its score is when it is due, in seconds since 1970",
            {"{job: time.time()": "{job: time.monotonic()", "self.key, time.time()": "self.key, time.monotonic()"},
        ),
        WrongAnswer(
            "counts whole seconds",
            "its score is when it is due, in seconds since 1970",
            {"{job: time.time() + seconds}": "{job: int(time.time() + seconds)}"},
        ),
        WrongAnswer("moves all", "`promote` leaves what is not due", {"'-inf', ARGV[1]": "'-inf', '+inf'"}),
        WrongAnswer(
            "moves what is not due", "`promote` leaves what is not due", {"'-inf', ARGV[1]": "ARGV[1], '+inf'"}
        ),
        WrongAnswer(
            "returns nothing",
            "`promote` leaves what is not due",
            {"return self.connection.eval": "self.connection.eval"},
        ),
        WrongAnswer(
            "copies",
            "`promote` moves what is due, and returns how many",
            {"  redis.call('ZREM', KEYS[1], job)\n": ""},
        ),
        WrongAnswer(
            "removes without adding",
            "`promote` moves what is due, and returns how many",
            {"  redis.call('LPUSH', KEYS[2], job)\n": ""},
        ),
        WrongAnswer(
            "removes all",
            "`promote` moves what is due, and returns how many",
            {"'ZREM', KEYS[1], job": "'DEL', KEYS[1]"},
        ),
        WrongAnswer(
            "moves one",
            "`promote` moves what is due, and returns how many",
            {"'-inf', ARGV[1]": "'-inf', ARGV[1], 'LIMIT', 0, 1"},
        ),
        WrongAnswer(
            "adds at the right",
            "what was due first is taken first, after what is in the queue already",
            {"'LPUSH'": "'RPUSH'"},
        ),
        WrongAnswer(
            "moves the latest first",
            "what was due first is taken first, after what is in the queue already",
            {"'ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1]": "'ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf'"},
        ),
        WrongAnswer(
            "is a second early",
            "a job comes when it is due, and not before",
            {"self.key, time.time()": "self.key, time.time() + 1"},
        ),
        WrongAnswer(
            "is five seconds late",
            "a job comes when it is due, and not before",
            {"self.key, time.time()": "self.key, time.time() - 5"},
        ),
        WrongAnswer(
            "reads, adds and removes",
            "each job is moved once when two promote at the same time",
            """
            import time


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    due = self.connection.zrangebyscore(self.later, "-inf", time.time())
                    for job in due:
                        self.connection.lpush(self.key, job)
                        self.connection.zrem(self.later, job)
                    return len(due)
            """,
        ),
        WrongAnswer(
            "reads before the transaction, and watches nothing",
            "each job is moved once when two promote at the same time",
            """
            import time


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    due = self.connection.zrangebyscore(self.later, "-inf", time.time())
                    if due:
                        self.connection.pipeline().lpush(self.key, *due).zrem(self.later, *due).execute()
                    return len(due)
            """,
        ),
        WrongAnswer(
            "adds it once it has removed it",
            "a job is in one of the two places at any moment",
            """
            import time


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    count = 0
                    for job in self.connection.zrangebyscore(self.later, "-inf", time.time()):
                        if self.connection.zrem(self.later, job):
                            self.connection.lpush(self.key, job)
                            count += 1
                    return count
            """,
        ),
        WrongAnswer(
            "has a lock, and three commands behind it",
            "a job is in one of the two places at any moment",
            """
            import time


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    if not self.connection.set(f"{self.key}:lock", 1, nx=True, ex=10):
                        return 0
                    due = self.connection.zrangebyscore(self.later, "-inf", time.time())
                    for job in due:
                        self.connection.lpush(self.key, job)
                        self.connection.zrem(self.later, job)
                    self.connection.delete(f"{self.key}:lock")
                    return len(due)
            """,
        ),
    ],
    # Lesson 7
    "backoff": [
        WrongAnswer("begins with two", "begins with half a second to a second", {"2**tries": "2 ** (tries + 1)"}),
        WrongAnswer(
            "is between all of it and the double",
            "begins with half a second to a second",
            {"most / 2, most": "most, most * 2"},
        ),
        WrongAnswer("begins with nothing", "begins with half a second to a second", {"most / 2, most": "0, most"}),
        WrongAnswer("forgets to return", "begins with half a second to a second", {"return ": ""}),
        WrongAnswer("adds a second each time", "waits twice as long each time", {"2**tries": "1 + tries"}),
        WrongAnswer("is a square", "waits twice as long each time", {"2**tries": "max(1, tries**2)"}),
        WrongAnswer("has no bound", "is never more than a minute", {"min(60, 2**tries)": "2**tries"}),
        WrongAnswer(
            "bounds it before the last doubling", "is never more than a minute", {"2**tries)": "2 ** min(tries, 5))"}
        ),
        WrongAnswer(
            "is a `float` from the beginning",
            "is a minute at most after thousands of tries, too",
            {"2**tries": "2.0**tries"},
        ),
        WrongAnswer(
            "has its jitter before the bound",
            "is a minute at most after thousands of tries, too",
            {
                "min(60, 2**tries)": "2**tries",
                "random.uniform(most / 2, most)": "min(60, random.uniform(0.5, 1) * most)",
            },
        ),
        WrongAnswer("has no jitter", "differs from call to call", {"random.uniform(most / 2, most)": "most"}),
        WrongAnswer(
            "has the same jitter each time",
            "differs from call to call",
            {"random.uniform": "random.Random(tries).uniform"},
        ),
        WrongAnswer(
            "waits half or all",
            "differs from call to call",
            {"random.uniform(most / 2, most)": "random.choice([most / 2, most])"},
        ),
        WrongAnswer(
            "has a small jitter",
            "uses the whole range, each part of it as often",
            {"most / 2, most": "most * 0.8, most"},
        ),
        WrongAnswer(
            "is in the middle more often", "uses the whole range, each part of it as often", {"uniform": "triangular"}
        ),
    ],
    "try_again_later": [
        WrongAnswer(
            "does not call it", "performs the job, once", {"            function()\n": "            function\n"}
        ),
        WrongAnswer(
            "calls it twice",
            "performs the job, once",
            {"            function()\n": "            function()\n            function()\n"},
        ),
        WrongAnswer(
            "does not say that it is done",
            "says `task_done()`, once, after the work",
            {"self.queue.task_done()": "pass"},
        ),
        WrongAnswer(
            "says it at once",
            "says `task_done()`, once, after the work",
            {
                "        try:\n": "        self.queue.task_done()\n        try:\n",
                "            self.queue.task_done()\n": "            pass\n",
            },
        ),
        WrongAnswer(
            "says it twice",
            "performs the job, once",
            {"            function()\n": "            function()\n            self.queue.task_done()\n"},
        ),
        WrongAnswer(
            "does all that waits",
            "takes one job, and leaves the others",
            """
            class MyProcessor:
                def __init__(self, queue, later, dead, retries):
                    self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

                def step(self):
                    while not self.queue.empty():
                        function, tries = self.queue.get()
                        try:
                            function()
                        except Exception as error:
                            if tries < self.retries:
                                self.later.append((function, tries + 1))
                            else:
                                self.dead.append((function, error))
                        finally:
                            self.queue.task_done()
            """,
        ),
        WrongAnswer(
            "takes None for a failure",
            "a job that raises nothing is finished, whatever it returns",
            {"            function()\n": "            if function() is None:\n                raise RuntimeError\n"},
        ),
        WrongAnswer(
            "takes an error that is returned for one that is raised",
            "a job that raises nothing is finished, whatever it returns",
            {
                "            function()\n": "            if isinstance(result := function(), Exception):\n                raise result\n"
            },
        ),
        WrongAnswer(
            "catches one kind of error",
            "what a job raises does not leave `step`",
            {"except Exception": "except ValueError"},
        ),
        WrongAnswer(
            "raises it again",
            "what a job raises does not leave `step`",
            {
                "                self.dead.append((function, error))\n": "                self.dead.append((function, error))\n            raise\n"
            },
        ),
        WrongAnswer(
            "does not count", "a job that raises is tried again later, once more than before", {"tries + 1": "tries"}
        ),
        WrongAnswer(
            "counts from one", "a job that raises is tried again later, once more than before", {"tries + 1": "1"}
        ),
        WrongAnswer(
            "appends the function alone",
            "a job that raises is tried again later, once more than before",
            {"self.later.append((function, tries + 1))": "self.later.append(function)"},
        ),
        WrongAnswer(
            "puts it back in the queue at once",
            "a job that raises is tried again later, once more than before",
            {"self.later.append((function, tries + 1))": "self.queue.put((function, tries + 1))"},
        ),
        WrongAnswer(
            "swallows it",
            "a job that raises is tried again later, once more than before",
            {"self.later.append((function, tries + 1))": "pass"},
        ),
        WrongAnswer(
            "says `task_done()` when the job was good",
            "says `task_done()` of it, too, when it is noted",
            {"        finally:": "        else:"},
        ),
        WrongAnswer(
            "says `task_done()` before it is noted",
            "says `task_done()` of it, too, when it is noted",
            {
                "            if tries < self.retries": "            self.queue.task_done()\n            if tries < self.retries",
                "        finally:": "        else:",
            },
        ),
        WrongAnswer(
            "never gives up", "after its last try it is dead, with the error", {"tries < self.retries": "True"}
        ),
        WrongAnswer(
            "tries once more than it should",
            "after its last try it is dead, with the error",
            {"tries < self.retries": "tries <= self.retries"},
        ),
        WrongAnswer(
            "keeps the dead without a reason",
            "after its last try it is dead, with the error",
            {"(function, error)": "function"},
        ),
        WrongAnswer(
            "keeps the reason as a text",
            "after its last try it is dead, with the error",
            {"(function, error)": "(function, str(error))"},
        ),
        WrongAnswer(
            "has a number of its own",
            "it is tried again as often as `retries` says",
            {"tries < self.retries": "tries < 3"},
        ),
        WrongAnswer(
            "tries each once more at least",
            "it is tried again as often as `retries` says",
            {"tries < self.retries": "tries < max(1, self.retries)"},
        ),
    ],
    "take_many": [
        WrongAnswer(
            "takes the latest",
            "takes the oldest jobs, the oldest first, and no more than it is told",
            {"'RIGHT', 'LEFT'": "'LEFT', 'LEFT'"},
        ),
        WrongAnswer(
            "takes one more",
            "takes the oldest jobs, the oldest first, and no more than it is told",
            {"tonumber(ARGV[1])": "ARGV[1] + 1"},
        ),
        WrongAnswer(
            "takes one",
            "takes the oldest jobs, the oldest first, and no more than it is told",
            {"tonumber(ARGV[1])": "1"},
        ),
        WrongAnswer(
            "adds at the other end",
            "they are in flight now, the oldest at the right end, and not in the queue",
            {"'RIGHT', 'LEFT'": "'RIGHT', 'RIGHT'"},
        ),
        WrongAnswer(
            "copies",
            "they are in flight now, the oldest at the right end, and not in the queue",
            {
                "redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')": "redis.call('LINDEX', KEYS[1], -i)",
                "  taken[i] = job": "  taken[i] = job redis.call('LPUSH', KEYS[2], job)",
            },
        ),
        WrongAnswer(
            "goes on when none is left",
            "takes what there is, when that is less, and none of none",
            {"  if not job then break end\n": ""},
        ),
        WrongAnswer(
            "forgets what is finished",
            "removes what is finished, and nothing else",
            {"for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end\n": ""},
        ),
        WrongAnswer(
            "removes the first of them only",
            "removes what is finished, and nothing else",
            {
                "for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end": "if ARGV[2] then "
                "redis.call('LREM', KEYS[2], 1, ARGV[2]) end"
            },
        ),
        WrongAnswer(
            "empties the list",
            "removes what is finished, and nothing else",
            {
                "for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end": "if ARGV[2] then "
                "redis.call('DEL', KEYS[2]) end"
            },
        ),
        WrongAnswer(
            "acknowledges only when it takes",
            "does so when there is nothing to take, too",
            {"for i = 2, #ARGV do": "if redis.call('LLEN', KEYS[1]) == 0 then return {} end for i = 2, #ARGV do"},
        ),
        WrongAnswer(
            "reads all when it shall read none",
            "takes none with a `most` of 0, and removes what is finished",
            """
            SCRIPT = '''
            for i = 2, #ARGV do redis.call('LREM', KEYS[2], -1, ARGV[i]) end
            local waiting, taken = redis.call('LRANGE', KEYS[1], -ARGV[1], -1), {}
            for i = #waiting, 1, -1 do taken[#taken + 1] = waiting[i] end
            if #taken == 0 then return taken end
            redis.call('LPUSH', KEYS[2], unpack(taken))
            redis.call('LTRIM', KEYS[1], 0, -#taken - 1)
            return taken'''


            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def take(self, most, finished):
                    return self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)
            """,
        ),
        WrongAnswer(
            "does nothing when it shall take none",
            "takes none with a `most` of 0, and removes what is finished",
            {"for i = 2, #ARGV do": "if ARGV[1] == '0' then return {} end for i = 2, #ARGV do"},
        ),
        WrongAnswer(
            "knows equal jobs once",
            "of two equal jobs that are both finished it removes both",
            {"*finished": "*set(finished)"},
        ),
        WrongAnswer(
            "removes all that are equal",
            "of two equal jobs it removes one",
            {"KEYS[2], 1, ARGV[i]": "KEYS[2], 0, ARGV[i]"},
        ),
        WrongAnswer(
            "reads, then moves in a transaction",
            "each job is taken once when two take at the same time",
            """
            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def take(self, most, finished):
                    taken = self.connection.lrange(self.key, -most, -1)[::-1] if most else []
                    both = self.connection.pipeline()
                    for job in finished:
                        both.lrem(self.in_flight, 1, job)
                    if taken:
                        both.lpush(self.in_flight, *taken)
                        both.ltrim(self.key, 0, -len(taken) - 1)
                    both.execute()
                    return taken
            """,
        ),
        WrongAnswer(
            "pops many, then pushes them",
            "a job is in one of the two lists at any moment",
            """
            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def take(self, most, finished):
                    for job in finished:
                        self.connection.lrem(self.in_flight, 1, job)
                    taken = self.connection.rpop(self.key, most) or []
                    if taken:
                        self.connection.lpush(self.in_flight, *taken)
                    return taken
            """,
        ),
        WrongAnswer(
            "moves one by one",
            "asks the server once",
            """
            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def take(self, most, finished):
                    for job in finished:
                        self.connection.lrem(self.in_flight, 1, job)
                    taken = []
                    while len(taken) < most:
                        job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
                        if job is None:
                            break
                        taken.append(job)
                    return taken
            """,
        ),
    ],
    "next_batch": [
        WrongAnswer(
            "knows no lower bound",
            "one, when a job takes longer than that",
            {"max(1, min(fitting, most))": "min(fitting, most)"},
        ),
        WrongAnswer(
            "halves and doubles",
            "one, when a job takes longer than that",
            """
            def next_batch(last, seconds):
                return min(100, 2 * last) if seconds < 0.005 else max(1, last // 2)
            """,
        ),
        WrongAnswer(
            "rounds to the nearest",
            "as many as fit into a hundredth of a second",
            {"int(last * 0.01 / seconds)": "round(last * 0.01 / seconds)"},
        ),
        WrongAnswer("takes a tenth of a second", "one, when a job takes longer than that", {"0.01": "0.1"}),
        WrongAnswer("takes a thousandth", "as many as fit into a hundredth of a second", {"0.01": "0.001"}),
        WrongAnswer(
            "knows not how many there were", "as many as fit into a hundredth of a second", {"last * 0.01": "0.01"}
        ),
        WrongAnswer(
            "returns a float",
            "as many as fit into a hundredth of a second",
            {"int(last * 0.01 / seconds)": "last * 0.01 // seconds"},
        ),
        WrongAnswer("jumps", "twice as many as last time at most", {"min(2 * last, 100)": "100"}),
        WrongAnswer("grows for ever", "a hundred at most", {"min(2 * last, 100)": "2 * last"}),
        WrongAnswer(
            "divides by nothing", "a batch that took no time at all is no error", {" if seconds else most": ""}
        ),
        WrongAnswer("gives up without time", "a batch that took no time at all is no error", {"else most": "else 1"}),
    ],
    "how_many": [
        WrongAnswer(
            "divides",
            "as many as there are jobs in hand, when they may be busy all the time",
            {"per_second * seconds  #": "per_second / seconds  #"},
        ),
        WrongAnswer(
            "looks at how many come only",
            "as many as there are jobs in hand, when they may be busy all the time",
            {"per_second * seconds  #": "per_second  #"},
        ),
        WrongAnswer(
            "knows nothing of idle time",
            "more, when they shall be busy for a part of the time",
            {"load / busy": "load"},
        ),
        WrongAnswer(
            "multiplies", "more, when they shall be busy for a part of the time", {"load / busy": "load * busy"}
        ),
        WrongAnswer(
            "rounds",
            "a part of a processor is a whole one",
            {"math.ceil(round(load / busy, 6))": "round(load / busy)"},
        ),
        WrongAnswer(
            "cuts off",
            "a part of a processor is a whole one",
            {"math.ceil(round(load / busy, 6))": "int(round(load / busy, 6))"},
        ),
        WrongAnswer(
            "adds one always",
            "as many as there are jobs in hand, when they may be busy all the time",
            {"math.ceil(round(load / busy, 6))": "int(load / busy) + 1"},
        ),
        WrongAnswer(
            "cuts off a hundredth",
            "a part of a processor is a whole one",
            {"round(load / busy, 6)": "round(load / busy, 2)"},
        ),
        WrongAnswer("knows no job without work", "one at least", {"seconds < 0": "seconds <= 0"}),
        WrongAnswer(
            "needs nobody",
            "one at least",
            {"max(1, math.ceil(round(load / busy, 6)))": "math.ceil(round(load / busy, 6))"},
        ),
        WrongAnswer("trusts floats", "a rounding error costs no processor", {"round(load / busy, 6)": "load / busy"}),
        WrongAnswer(
            "believes all",
            "refuses what makes no sense",
            {"not 0 < busy <= 1 or per_second < 0 or seconds < 0": "busy == 0"},
        ),
        WrongAnswer(
            "believes in negative numbers", "refuses what makes no sense", {" or per_second < 0 or seconds < 0": ""}
        ),
        WrongAnswer(
            "believes two negative numbers",
            "refuses what makes no sense",
            {"per_second < 0 or seconds < 0": "per_second * seconds < 0"},
        ),
        WrongAnswer(
            "answers None",
            "refuses what makes no sense",
            """
            import math


            def how_many(per_second, seconds, busy):
                if not 0 < busy <= 1 or per_second < 0 or seconds < 0:
                    return None
                return max(1, math.ceil(round(per_second * seconds / busy, 6)))
            """,
        ),
    ],
}

RIGHT: dict[str, list[RightAnswer]] = {
    "perform_now": [
        RightAnswer(
            "one thing in a line",
            {"return cls().perform(*args)": "worker = cls(); result = worker.perform(*args); return result"},
        ),
        RightAnswer(
            "raises again",
            """
            class MyWorker:
                @classmethod
                def perform_now(cls, *args, **options):
                    try:
                        return cls().perform(*args, **options)
                    except Exception:
                        print("failed")
                        raise
            """,
        ),
    ],
    "try_again": [
        RightAnswer(
            "after the `except`",
            {
                "caller.\n            return super().perform_now(*args)": "caller.\n            pass\n        return super().perform_now(*args)"
            },
        ),
        RightAnswer(
            "a loop",
            """
            from luffy_lesson import step1_sync


            class Stubborn(step1_sync.Worker):
                @classmethod
                def perform_now(cls, *args):
                    for left in (1, 0):
                        try:
                            return super().perform_now(*args)
                        except Exception:
                            if not left:
                                raise
            """,
        ),
        RightAnswer(
            "without `super`",
            """
            from luffy_lesson.step1_sync import Worker


            class Stubborn(Worker):
                @classmethod
                def perform_now(cls, *args):
                    try:
                        return cls().perform(*args)
                    except KeyboardInterrupt:
                        raise
                    except BaseException:
                        return cls().perform(*args)
            """,
        ),
    ],
    "timed": [
        RightAnswer(
            "another clock that is never set back",
            {"begin = time.monotonic()": "begin = time.perf_counter()"}
            | {"(time.monotonic() - begin)": "(time.perf_counter() - begin)"},
        ),
        RightAnswer(
            "by name, in nanoseconds",
            {"import time\n": "from time import monotonic_ns\n"}
            | {"begin = time.monotonic()": "begin = monotonic_ns()"}
            | {"time.monotonic() - begin": "(monotonic_ns() - begin) / 1e9"},
        ),
        RightAnswer(
            "noted twice, in each branch",
            """
            import time

            from luffy_lesson.step1_sync import Worker


            class Timed(Worker):
                times = []

                @classmethod
                def perform_now(cls, *args):
                    begin = time.monotonic()
                    try:
                        result = super().perform_now(*args)
                    except BaseException:
                        cls.times += [time.monotonic() - begin]
                        raise
                    cls.times += [time.monotonic() - begin]
                    return result
            """,
        ),
    ],
    "perform_async": [
        RightAnswer("a daemon with a name", {"args=args)": 'args=args, daemon=True, name="mine")'}),
        RightAnswer("a lambda", {"target=cls.perform_now, args=args": "target=lambda: cls.perform_now(*args)"}),
        RightAnswer(
            "a list of arguments, of an instance", {"cls.perform_now, args=args": "cls().perform_now, args=[*args]"}
        ),
    ],
    "limit": [
        RightAnswer("cannot give back too many", {"threading.Semaphore": "threading.BoundedSemaphore"}),
        RightAnswer(
            "a condition",
            """
            import threading

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                working = 0
                changed = threading.Condition()

                @classmethod
                def perform_async(cls, *args):
                    def work():
                        try:
                            cls.perform_now(*args)
                        finally:
                            with Polite.changed:
                                Polite.working -= 1
                                Polite.changed.notify()

                    with Polite.changed:
                        while Polite.working == 5:
                            Polite.changed.wait()
                        Polite.working += 1
                    thread = threading.Thread(target=work)
                    thread.start()
                    return thread
            """,
        ),
        RightAnswer(
            "looks how many are alive, again and again",
            """
            import threading
            import time

            from luffy_lesson import step1_sync


            class Polite(step1_sync.Worker):
                threads = []

                @classmethod
                def perform_async(cls, *args):
                    while sum(thread.is_alive() for thread in cls.threads) >= 5:
                        time.sleep(0.01)
                    thread = threading.Thread(target=cls.perform_now, args=args)
                    thread.start()
                    cls.threads.append(thread)
                    return thread
            """,
        ),
    ],
    "with_result": [
        RightAnswer(
            "an executor with names of its own",
            """
            from concurrent.futures import ThreadPoolExecutor

            from luffy_lesson import step1_sync


            class WithResult(step1_sync.Worker):
                executor = ThreadPoolExecutor(max_workers=5, thread_name_prefix="future")

                @classmethod
                def perform_future(cls, *args):
                    return cls.executor.submit(cls.perform_now, *args)
            """,
        ),
        RightAnswer(
            "an executor for each job",
            """
            from concurrent.futures import ThreadPoolExecutor

            from luffy_lesson import step1_sync


            class WithResult(step1_sync.Worker):
                @classmethod
                def perform_future(cls, *args):
                    executor = ThreadPoolExecutor(max_workers=1)
                    future = executor.submit(cls.perform_now, *args)
                    executor.shutdown(wait=False)
                    return future
            """,
        ),
        RightAnswer(
            "a bare `except`, and an `else`",
            """
            import sys
            import threading
            from concurrent.futures import Future

            from luffy_lesson import step1_sync


            def work(worker, args, future):
                try:
                    result = worker.perform_now(*args)
                except:
                    future.set_exception(sys.exc_info()[1])
                else:
                    future.set_result(result)


            class WithResult(step1_sync.Worker):
                @classmethod
                def perform_future(cls, *args):
                    future = Future()
                    threading.Thread(target=work, args=(cls, args, future), daemon=True).start()
                    return future
            """,
        ),
        RightAnswer(
            "one executor for all jobs",
            """
            from concurrent.futures import ThreadPoolExecutor

            from luffy_lesson import step1_sync


            class WithResult(step1_sync.Worker):
                executor = ThreadPoolExecutor()

                @classmethod
                def perform_future(cls, *args):
                    return cls.executor.submit(cls.perform_now, *args)
            """,
        ),
    ],
    "processor": [
        RightAnswer(
            "catches all, and tells nothing",
            {
                "except BaseException as error:": "except BaseException:",
                '                print(f"{job} failed: {error}")': "                pass",
            },
        ),
        RightAnswer(
            "does not wait in `get`, but between",
            {"self.backend.get(timeout=0.1)": "self.backend.get(block=False)"}
            | {"                continue": "                self.stopping.wait(0.05)\n                continue"},
        ),
        RightAnswer(
            "a daemon, and two functions",
            """
            import queue
            import threading


            class MyProcessor:
                def __init__(self, backend):
                    self.backend, self.stopping = backend, threading.Event()
                    self.thread = threading.Thread(target=self.run, daemon=True)

                def run(self):
                    while True:
                        if self.stopping.is_set():
                            break
                        try:
                            self.one(self.backend.get(True, 0.2))
                        except queue.Empty:
                            pass

                def one(self, job):
                    try:
                        job.perform()
                    except BaseException:
                        pass
                    self.backend.task_done()

                def stop(self):
                    self.stopping.set()
                    while self.thread.is_alive():
                        self.thread.join(0.1)
            """,
        ),
    ],
    "stop_within": [
        RightAnswer(
            "a wait that may be negative", {"max(0, deadline - time.monotonic())": "deadline - time.monotonic()"}
        ),
        RightAnswer(
            "looks again and again",
            """
            import time


            def stop_within(processors, seconds):
                for processor in processors:
                    processor.stopping.set()
                end = time.monotonic() + seconds
                late = list(processors)
                while late and time.monotonic() < end:
                    time.sleep(0.01)
                    late = [processor for processor in late if processor.thread.is_alive()]
                return [processor.thread.name for processor in late]
            """,
        ),
        RightAnswer(
            "counts what is left",
            """
            import time


            def stop_within(processors, seconds):
                left = seconds
                for processor in processors:
                    processor.stopping.set()
                for processor in processors:
                    began = time.monotonic()
                    processor.thread.join(timeout=max(left, 0))
                    left -= time.monotonic() - began
                return {processor.thread.name for processor in processors if processor.thread.is_alive()}
            """,
        ),
    ],
    "priorities": [
        RightAnswer(
            "numbers, and a count for each queue",
            {
                "    numbers = itertools.count()\n": "    def __init__(self):\n        super().__init__()\n        self.numbers = itertools.count()\n"
            }
            | {"(not urgent, next": "(0 if urgent else 1, next"},
        ),
        RightAnswer(
            "two lists inside of a queue",
            """
            import collections
            import queue


            class TwoPriorities(queue.Queue):
                def _init(self, maxsize):
                    self.urgent, self.usual = collections.deque(), collections.deque()

                def _qsize(self):
                    return len(self.urgent) + len(self.usual)

                def _put(self, job):
                    (self.urgent if getattr(job.worker, "urgent", False) else self.usual).append(job)

                def _get(self):
                    return (self.urgent or self.usual).popleft()
            """,
        ),
        RightAnswer(
            "a class that has a queue, and is none",
            """
            import itertools
            import queue


            class TwoPriorities:
                def __init__(self):
                    self.numbers = itertools.count()
                    self.waiting = queue.PriorityQueue()

                def put(self, job):
                    self.waiting.put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

                def get(self, block=True, timeout=None):
                    return self.waiting.get(block, timeout)[2]

                def task_done(self):
                    self.waiting.task_done()

                def qsize(self):
                    return self.waiting.qsize()

                def join(self):
                    self.waiting.join()
            """,
        ),
    ],
    "redis_backend": [
        RightAnswer("names for the arguments", {"brpop(self.key, timeout)": "brpop([self.key], timeout=timeout)"}),
        RightAnswer(
            "decodes, and unpacks",
            {"        if answer is None": "        if not answer"}
            | {"return answer[1]  #": "_, job = answer\n        return job.decode()  #"},
        ),
        RightAnswer(
            "another command",
            {
                "self.connection.brpop(self.key, timeout)": 'self.connection.blmpop(timeout, 1, self.key, direction="RIGHT")'
            }
            | {"answer[1]": "answer[1][0]"},
        ),
    ],
    "two_queues": [
        RightAnswer(
            "a tuple of keys", {"[self.urgent, self.usual], timeout": "keys=(self.urgent, self.usual), timeout=timeout"}
        ),
        RightAnswer(
            "takes what is urgent first, then waits for both",
            {
                "        # One command": "        job = self.connection.rpop(self.urgent)\n        if job:\n            return job.decode()\n        # One command"
            },
        ),
        RightAnswer(
            "looks again and again",
            """
            import queue
            import time


            class TwoQueues:
                def __init__(self, connection, urgent, usual):
                    self.connection, self.keys = connection, [urgent, usual]

                def get(self, timeout):
                    end = time.monotonic() + timeout
                    while time.monotonic() < end:
                        for key in self.keys:
                            job = self.connection.rpop(key)
                            if job is not None:
                                return job
                        time.sleep(0.01)
                    raise queue.Empty
            """,
        ),
    ],
    "once": [
        RightAnswer("milliseconds", {"ex=60": "px=60_000"}),
        RightAnswer(
            "a mark of another name",
            {'f"{self.key}:{job}"': 'f"{self.key}.sent.{job}"'},
        ),
        RightAnswer(
            "counts how often it came",
            {
                'if not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60)': 'if self.connection.incr(f"{self.key}:{job}") > 1'
            }
            | {
                "        self.connection.lpush": '        self.connection.expire(f"{self.key}:{job}", 60)\n        self.connection.lpush'
            },
        ),
    ],
    "sqlite_backend": [
        RightAnswer(
            "looks and takes in one transaction",
            {"DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs) RETURNING payload": "SELECT 1"}
            | {"row = self.execute(": "row = self.take("}
            | {
                "    def qsize(self):": """    def take(self, _):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT payload, id FROM jobs ORDER BY id LIMIT 1").fetchone()
            if row:
                connection.execute("DELETE FROM jobs WHERE id = ?", row[1:])
            connection.execute("COMMIT")
            return row

    def qsize(self):"""
            },
        ),
        RightAnswer(
            "numbers that are never used again",
            {"INTEGER PRIMARY KEY": "INTEGER PRIMARY KEY AUTOINCREMENT", "time.sleep(0.02)": "time.sleep(0.05)"},
        ),
    ],
    "acknowledge": [
        RightAnswer(
            "the older command",
            {'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': "rpoplpush(self.key, self.in_flight)"},
        ),
        RightAnswer(
            "waits a moment",
            {
                'lmove(self.key, self.in_flight, "RIGHT", "LEFT")': 'blmove(self.key, self.in_flight, 0.05, "RIGHT", "LEFT")'
            },
        ),
        RightAnswer("adds at the other end", {'"RIGHT", "LEFT"': '"RIGHT", "RIGHT"'}),
        RightAnswer(
            "a transaction",
            """
            import queue

            import redis


            class MyReliable:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def get(self):
                    with self.connection.pipeline() as pipeline:
                        while True:
                            try:
                                pipeline.watch(self.key)
                                job = pipeline.lindex(self.key, -1)
                                if job is None:
                                    raise queue.Empty
                                pipeline.multi()
                                pipeline.rpop(self.key)
                                pipeline.lpush(self.in_flight, job)
                                pipeline.execute()
                                return job.decode()
                            except redis.WatchError:
                                continue

                def task_done(self, job):
                    self.connection.lrem(self.in_flight, -1, job)
            """,
        ),
    ],
    "put_back": [
        RightAnswer(
            "a script",
            """
            SCRIPT = "local n = 0 while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do n = n + 1 end return n"


            def put_back(connection, in_flight, key):
                return connection.register_script(SCRIPT)(keys=[in_flight, key])
            """,
        ),
        RightAnswer(
            "a transaction for all",
            """
            def put_back(connection, in_flight, key):
                def move(pipeline):
                    jobs = pipeline.lrange(in_flight, 0, -1)
                    pipeline.multi()
                    if jobs:
                        pipeline.rpush(key, *jobs)
                        pipeline.delete(in_flight)
                    return len(jobs)

                return connection.transaction(move, in_flight, value_from_callable=True)
            """,
        ),
        RightAnswer(
            "a lock around it",
            """
            def put_back(connection, in_flight, key):
                with connection.lock(f"{key}:lock", timeout=10, sleep=0.01):
                    count = 0
                    while connection.lmove(in_flight, key, "LEFT", "RIGHT"):
                        count += 1
                    return count
            """,
        ),
    ],
    "charge_once": [
        RightAnswer("milliseconds", {"ex=24 * 60 * 60": "px=86_400_000"}),
        RightAnswer("a mark of another name", {'f"{self.key}:{job_id}"': 'f"{self.key}.{job_id}.charged"'}),
        RightAnswer(
            "counts how often it came",
            """
            class ChargeOnce:
                def __init__(self, connection, key, charge):
                    self.connection, self.key, self.charge = connection, key, charge

                def perform(self, job_id, amount):
                    mark = f"{self.key}:{job_id}"
                    if self.connection.incr(mark) > 1:
                        return False
                    self.connection.expire(mark, 86400)
                    charged = False
                    try:
                        self.charge(amount)
                        charged = True
                    finally:
                        if not charged:
                            self.connection.unlink(mark)
                    return charged
            """,
        ),
    ],
    "schedule": [
        RightAnswer(
            "the clock of the server",
            {
                "local due": "local now = redis.call('TIME')\nlocal due",
                "'-inf', ARGV[1]": "'-inf', now[1] + now[2] / 1e6",
                ", self.key, time.time())": ", self.key)",
            },
        ),
        RightAnswer(
            "a transaction for all",
            """
            import time

            import redis


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    with self.connection.pipeline() as pipeline:
                        while True:
                            try:
                                pipeline.watch(self.later)
                                due = pipeline.zrange(self.later, "-inf", time.time(), byscore=True)
                                if not due:
                                    return 0
                                pipeline.multi()
                                pipeline.lpush(self.key, *due)
                                pipeline.zrem(self.later, *due)
                                pipeline.execute()
                                return len(due)
                            except redis.WatchError:
                                pass
            """,
        ),
        RightAnswer(
            "a script for each job",
            """
            import time

            MOVE = "if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end redis.call('LPUSH', KEYS[2], ARGV[1]) return 1"


            class MySchedule:
                def __init__(self, connection, later, key):
                    self.connection, self.later, self.key = connection, later, key
                    self.move = connection.register_script(MOVE)

                def put_in(self, job, seconds):
                    self.connection.zadd(self.later, {job: time.time() + seconds})

                def promote(self):
                    due = self.connection.zrangebyscore(self.later, 0, time.time())
                    return sum(self.move(keys=[self.later, self.key], args=[job]) for job in due)
            """,
        ),
    ],
    "backoff": [
        RightAnswer("a part of all", {"random.uniform(most / 2, most)": "most * (1 + random.random()) / 2"}),
        RightAnswer(
            "a bound for the exponent",
            {
                "min(60, 2**tries)": "min(60.0, 2.0 ** min(tries, 6))",
                "random.uniform(most / 2, most)": "most - random.uniform(0, most / 2)",
            },
        ),
        RightAnswer(
            "a loop",
            """
            from random import uniform


            def backoff(tries):
                seconds = 1
                for _ in range(tries):
                    seconds = min(2 * seconds, 60)
                return seconds / 2 + uniform(0, seconds / 2)
            """,
        ),
    ],
    "try_again_later": [
        RightAnswer("catches all", {"except Exception": "except BaseException"}),
        RightAnswer(
            "says it at the end",
            """
            class MyProcessor:
                def __init__(self, queue, later, dead, retries):
                    self.jobs, self.later, self.dead, self.most = queue, later, dead, retries

                def step(self):
                    job = self.jobs.get(timeout=1)
                    failed = None
                    try:
                        job[0]()
                    except Exception as error:
                        failed = error
                    if failed and job[1] >= self.most:
                        self.dead += [(job[0], failed)]
                    elif failed:
                        self.later += [(job[0], job[1] + 1)]
                    self.jobs.task_done()
            """,
        ),
    ],
    "take_many": [
        RightAnswer(
            "a transaction",
            """
            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.connection, self.key, self.in_flight = connection, key, in_flight

                def take(self, most, finished):
                    all_of_it = self.connection.pipeline()
                    for job in finished:
                        all_of_it.lrem(self.in_flight, 1, job)
                    for _ in range(most):
                        all_of_it.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
                    return [job for job in all_of_it.execute()[len(finished) :] if job is not None]
            """,
        ),
        RightAnswer(
            "a registered script that moves all at once",
            """
            SCRIPT = '''
            for i = 2, #ARGV do redis.call('LREM', KEYS[2], -1, ARGV[i]) end
            local jobs = redis.call('RPOP', KEYS[1], ARGV[1])
            if not jobs then return {} end
            for _, job in ipairs(jobs) do redis.call('LPUSH', KEYS[2], job) end
            return jobs'''


            class MyBatches:
                def __init__(self, connection, key, in_flight):
                    self.keys, self.script = [key, in_flight], connection.register_script(SCRIPT)

                def take(self, most, finished):
                    return self.script(keys=self.keys, args=[most, *finished])
            """,
        ),
        RightAnswer(
            "tells what is finished in JSON",
            {
                "# One": "import json\n\n# One",
                "for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end": "for _, job in ipairs(cjson.decode(ARGV[2])) do redis.call('LREM', KEYS[2], 1, job) end",
                "*finished": "json.dumps([job.decode() for job in finished])",
            },
        ),
        RightAnswer(
            "decodes, and encodes again",
            {
                "return self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)": "finished = [job.encode() for job in finished]; return [job.decode() for job in self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)]"
            },
        ),
    ],
    "next_batch": [
        RightAnswer(
            "whole numbers",
            """
            def next_batch(last, seconds):
                if seconds <= 0:
                    return min(100, 2 * last)
                return sorted([1, min(100, 2 * last), int(0.01 / (seconds / last))])[1]
            """,
        ),
        RightAnswer("floor", {"int(last * 0.01 / seconds)": "int(last // (seconds * 100))"}),
    ],
    "how_many": [
        RightAnswer("a bit less", {"round(load / busy, 6)": "load / busy - 1e-9"}),
        RightAnswer(
            "fractions",
            """
            from fractions import Fraction
            from math import ceil


            def how_many(per_second, seconds, busy):
                per_second, seconds, busy = (Fraction(str(number)) for number in (per_second, seconds, busy))
                if min(per_second, seconds) < 0 or busy <= 0 or busy > 1:
                    raise ValueError("that makes no sense")
                return ceil(per_second * seconds / busy) or 1
            """,
        ),
    ],
}
