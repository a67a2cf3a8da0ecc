"""The commands of `python3 -m luffy_lesson`."""

import argparse
import codecs
import io
import math
import os
import re
import sys
import tempfile
from pathlib import Path

from luffy_lesson.host.browser import find_browser
from luffy_lesson.host.environment import COMMAND, INSTALLED, ROOT, SetUpError, enter, run, wait_for
from luffy_lesson.launcher.output import written

FIRST_PAGE = "notebooks/00_start_here.ipynb"
FOLDER = (
    "where your notebooks are, or shall be: they are copied there, and what you have changed stays yours "
    f"(default: {'./luffy-lesson' if INSTALLED else 'none, and you work in the checkout'})"
)
LESSON = "do the jobs of this lesson's notebook (default: database 0, of no lesson); $REDIS_URL goes before it"
QUEUE = (
    "take jobs from this queue, and from others where it is given again: strictly in that order, or by weight when one "
    "has a weight (the others then have 1)"
)
PROCESSES = "start so many processes with so many processors each, and replace one that dies (default: only this one)"
HASH_TAG = "in a Redis Cluster: put all keys under this hash tag, as in {TAG}:queue (default: luffy:queue, no cluster)"
DEADLINE = "at the end, give back after so many seconds what is still in hand (default: 25)"
NO_TESTS = 5
FINISHED = {0, 1, NO_TESTS}
"""What pytest says when all went well, when a test has failed, and when none was selected; else it was interrupted."""

QUICK = ["tests/test_step*.py", "tests/test_backend_contract.py", "tests/notebooks/test_rules.py"]
"""A contributor's quick loop: what a step must do, and the rules that notebooks keep."""

PLAIN = str.maketrans({"✓": "ok", "✗": "WRONG", "→": "->"})
"""What stands for these where a terminal does not know them."""

SETTINGS = ROOT / "luffy_lesson/launcher/jupyter"


@written()
def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what stands behind `python3 -m luffy_lesson`; by default, those of this process.

    Returns:
        The exit code: 0 when all is well.
    """
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    lab = commands.add_parser(
        "lab",
        help="open the course in JupyterLab; also without a command. Other options go to Jupyter",
        allow_abbrev=False,
    )
    lab.add_argument("--folder", help=FOLDER)
    tests = commands.add_parser(
        "test", help="run every test, the notebooks included. Other options go to pytest", allow_abbrev=False
    )
    tests.add_argument("--quick", action="store_true", help="only the steps' own tests and the notebooks' rules")
    look = commands.add_parser("doctor", help="say what is here, and how to mend what is wrong")
    look.add_argument("--hash-tag", metavar="TAG", help=HASH_TAG)
    worker = commands.add_parser("work", help="start processors on the Redis queue, for the workers in a file")
    worker.add_argument("target", metavar="FILE_OR_MODULE", help="defines the workers")
    worker.add_argument("-c", "--count", type=int, default=5, help="how many processors (default: 5)")
    worker.add_argument("--lesson", type=int, choices=range(64), default=0, metavar="N", help=LESSON)
    worker.add_argument("--step", type=int, metavar="N", help="which step's (default: the newest)")
    for option, meaning in (("--beat-every", "a heartbeat is put off"), ("--gone-after", "a silent one stops")):
        worker.add_argument(option, type=seconds, metavar="S", help=f"after so many seconds {meaning} (from step 5 on)")
    worker.add_argument("-q", "--queue", action="append", type=queue, default=[], metavar="NAME[=WEIGHT]", help=QUEUE)
    worker.add_argument("--hash-tag", metavar="TAG", help=HASH_TAG)
    worker.add_argument("--processes", type=positive, metavar="N", help=PROCESSES)
    worker.add_argument("--deadline", type=seconds, default=25.0, metavar="S", help=DEADLINE)
    worker.add_argument("--until-eof", action="store_true", help="also end when standard input is closed")
    page = commands.add_parser("dashboard", help="show queues, processes and dead jobs on a web page of this machine")
    page.add_argument("--port", type=port, default=8880, metavar="N", help="0 finds a free one (default: 8880)")
    page.add_argument("--lesson", type=int, choices=range(64), default=0, metavar="N", help=LESSON)
    page.add_argument("--hash-tag", metavar="TAG", help=HASH_TAG)
    server = commands.add_parser("redis", help="the lesson's own Redis server")
    server.add_argument(
        "action", choices=["start", "stop", "status", "url"], help="url starts it, and prints its address"
    )
    store = commands.add_parser("store", help="run notebooks from the top, and store them with what they print")
    store.add_argument("notebooks", nargs="*", help="which (default: all)")
    store.add_argument("--redraw", action="store_true", help="store their pictures anew as well")
    check = commands.add_parser("check", help="for teachers: say which exercises are solved in learners' notebooks")
    check.add_argument("folder", metavar="FOLDER", help="has their notebooks, in folders of theirs perhaps")
    check.add_argument(
        "--seconds", type=float, default=120, metavar="S", help="time limit for one notebook (default: 120)"
    )

    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["lab", *arguments]
    options, others = parser.parse_known_args(arguments)
    _print_anything()
    if others and options.command not in ("lab", "test"):
        parser.error(f"unknown: {' '.join(others)}")
    if options.command == "work":
        try:
            options.queue = weighted(options.queue)
        except argparse.ArgumentTypeError as error:
            worker.error(f"argument -q/--queue: {error}")
    try:
        _place_home()
        if options.command == "doctor":
            return doctor(arguments, options.hash_tag)
        if INSTALLED and options.command in ("test", "store"):
            raise SetUpError(f"`{options.command}` needs the sources: run it in a checkout or an unpacked sdist.")
        enter(arguments, tests=options.command == "test")
        return COMMANDS[options.command](options, others)
    except SetUpError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    return 1


def seconds(text: str) -> float:
    """Read a number of seconds, more than 0. Raise ValueError for another text."""
    read = float(text)
    if not 0 < read < math.inf:
        raise ValueError(text)
    return read


def port(text: str) -> int:
    """Read the number of a port. Raise ValueError for another text."""
    read = int(text)
    if not 0 <= read < 2**16:
        raise ValueError(text)
    return read


def positive(text: str) -> int:
    """Read a whole number, more than 0. Raise ValueError for another text."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def queue(text: str) -> tuple[str, float | None]:
    """Read the name of a queue, and its weight where there is one. Raise ArgumentTypeError for another text."""
    name, given, weight = text.partition("=")
    if not re.fullmatch("[A-Za-z0-9_-]{1,64}", name):
        raise argparse.ArgumentTypeError(
            f"{name!r} is no name of a queue: it has 1 to 64 letters, digits, _ and -, such as high or high=3."
        )
    try:
        return name, seconds(weight) if given else None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{weight!r} is no weight, which is a number greater than 0.") from None


def weighted(queues: list[tuple[str, float | None]]) -> dict[str, float | None]:
    """Return the weights of queues: all have one, or none. Raise ArgumentTypeError when one is named twice."""
    names = [name for name, _ in queues]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise argparse.ArgumentTypeError(f"the queue {twice[0]} is named twice.")
    none = None if all(weight is None for _, weight in queues) else 1.0
    return {name: weight or none for name, weight in queues}


def _place_home() -> None:
    """Let LUFFY_HOME be relative to here: a notebook's kernel is somewhere else."""
    given = os.environ.get("LUFFY_HOME")
    if not given or given.startswith("~"):
        return
    try:
        os.environ["LUFFY_HOME"] = os.path.abspath(given)
    except OSError as error:
        raise SetUpError(
            f"LUFFY_HOME, {given}, is relative to the current folder, which cannot be found ({error.strerror}). "
            "Go to another folder first."
        ) from None


def _print_anything() -> None:
    """Let no character be an error, whatever the terminal knows: jobs print `Łódź`, and the doctor ✓."""
    codecs.register_error("luffy_lesson", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="luffy_lesson")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return what is printed in place of characters that the terminal does not know."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode("ascii", "backslashreplace").decode(), error.end


def lab(options: argparse.Namespace, others: list[str]) -> int:
    """Open JupyterLab on the first page, with the Redis server running. Jupyter's own options are passed on."""
    from luffy_lesson.host.redis_server import RedisServer
    from luffy_lesson.launcher import folder

    _need_home()
    root, page = ROOT, FIRST_PAGE
    if options.folder or INSTALLED:
        root, page = folder.provide(options.folder), Path(FIRST_PAGE).name
    if not os.environ.get("REDIS_URL"):
        try:
            RedisServer().start()
        except (RuntimeError, TimeoutError) as error:
            print(f"{error}\nLessons 1 to 3 work without it.", file=sys.stderr)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    command.append("--ServerApp.kernel_spec_manager_class=luffy_lesson.launcher.kernel.ThisPython")
    command.append(f"--LabApp.default_url=/lab/tree/{page}")  # where no browser can be opened, it is printed
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # Jupyter's question about news is switched off in our folder, not in the user's settings.
    settings = os.pathsep.join(filter(None, [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]))
    run([*command, *others], {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_CONFIG_PATH": settings})
    return 0


def _need_home() -> None:
    """Set HOME to a folder for a while where the user has none to write to: without, Jupyter does not start."""
    from luffy_lesson.host.redis_server import ENDS_WITH

    try:
        with tempfile.TemporaryFile(dir=Path.home()) as room:
            room.write(bytes(2**16))
    except (OSError, RuntimeError) as error:
        home, why = os.environ.get("HOME", "~"), getattr(error, "strerror", error)
        place = os.environ["HOME"] = tempfile.mkdtemp(prefix="luffy_lesson_")
        os.environ[ENDS_WITH] = str(os.getpid())  # Jupyter's as well: it takes the place of this program
        print(
            f"Your home folder, {home}, cannot be used ({why}). What Jupyter and the course keep there is in {place} "
            "for now. Set HOME to a folder that is yours and has room.",
            file=sys.stderr,
        )


def test(options: argparse.Namespace, others: list[str]) -> int:
    """Run pytest, then its tests in a real browser where there is one, or quick tests only. Options go to pytest."""
    os.chdir(ROOT)
    pytest = [sys.executable, "-m", "pytest", "-p", "tests.fast_import"]
    if options.quick:
        files = [str(file.relative_to(ROOT)) for pattern in QUICK for file in sorted(ROOT.glob(pattern))]
        # Inputs that Hypothesis thinks of take long.
        quick = ["-m", "not hypothesis and not every_step", "--dist=worksteal"]
        return wait_for([*pytest, *quick, *files, *others])
    code = wait_for([*pytest, *others])
    chosen = any(option.startswith("-m") for option in others)  # which group to run: then it is only that
    if chosen or code not in FINISHED:
        return code
    if not find_browser():
        print("The tests in a browser were left out: no Chromium or Chrome was found.", flush=True)
        return code or int(bool(os.environ.get("CI")))
    codes = [
        code,
        wait_for([*pytest, "-m", "browser", "--numprocesses=4", "--dist=load", "--maxschedchunk=1", *others]),
    ]
    return next((code for code in codes if code not in (0, NO_TESTS)), min(codes))


def doctor(arguments: list[str], hash_tag: str | None) -> int:
    """Say what is here, in the environment of the course where there is one. It makes none."""
    from luffy_lesson.host.doctor import doctor

    enter(arguments, make=False)
    return doctor(hash_tag)


def work(options: argparse.Namespace, others: list[str]) -> int:
    """Start processors, and end with them."""
    from luffy_lesson.launcher.work import work

    given = {"beat_every": options.beat_every, "gone_after": options.gone_after}
    heartbeat = {name: every for name, every in given.items() if every}
    return work(
        options.target,
        options.count,
        options.lesson,
        options.until_eof,
        options.step,
        heartbeat,
        options.queue,
        options.processes,
        options.deadline,
        options.hash_tag,
    )


def dashboard(options: argparse.Namespace, others: list[str]) -> int:
    """Show the dashboard until it is interrupted or terminated."""
    from redis import RedisError

    from luffy_lesson.dashboard.web import serve
    from luffy_lesson.host.redis_server import RedisServer
    from luffy_lesson.host.steps import step

    try:
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or f"{RedisServer().start()}/{options.lesson}"
        backend = step().RedisBackend(hash_tag=options.hash_tag)
    except (RedisError, RuntimeError, TimeoutError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    serve(backend, options.port)
    return 0


def redis(options: argparse.Namespace, others: list[str]) -> int:
    """Start or stop the lesson's server, or say where it is."""
    from luffy_lesson.host.redis_server import RedisServer

    try:
        server = RedisServer()
        if options.action == "start":
            server.start()
        elif options.action == "stop":
            server.stop()
        print(server.start() if options.action == "url" else server.status())
    except (RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def store(options: argparse.Namespace, others: list[str]) -> int:
    """Run notebooks and store them."""
    from luffy_lesson.launcher.store import store

    notebooks = options.notebooks or sorted(str(path) for path in (ROOT / "notebooks").glob("*.ipynb"))
    return store(notebooks, options.redraw)


def check(options: argparse.Namespace, others: list[str]) -> int:
    """Run learners' notebooks, and say what they have solved."""
    from luffy_lesson.launcher.grade import check

    return check(options.folder, options.seconds)


COMMANDS = {
    "lab": lab,
    "test": test,
    "work": work,
    "dashboard": dashboard,
    "redis": redis,
    "store": store,
    "check": check,
}
