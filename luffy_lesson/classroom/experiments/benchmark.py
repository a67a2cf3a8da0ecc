"""The course's system beside the engines that people run: what was measured once, and a button that measures here."""

import contextvars
import importlib.util
import json
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from luffy_lesson.classroom.page.display import in_notebook, show_text, show_widget
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.host.environment import CONTENT

if TYPE_CHECKING:
    from luffy_lesson.classroom.page.bars import Bars

BENCHMARKS = CONTENT / "benchmarks"
INSTALL = "pip install rq 'dramatiq[redis]' huey 'celery[redis]' taskiq taskiq-redis"
INSTALL_RUBY = "apt install ruby-hiredis ruby-sidekiq"
TEXT = "A button that measures the same on this machine."
LEFT_OUT = ("| taskiq", "| Huey, safest", "| luffy, step 5", "| luffy, step 7", "| luffy, step 8")
"""The beginnings of rows that tell nothing that others do not."""

OPTIONS = ["--rounds=1", "--jobs=2000", "--single=50"]
"""Of the benchmark, for what a click measures: with so many jobs it takes a minute."""

ENDS_WITHIN = 10
"""How long the benchmark may take to end its own processes, in seconds."""


def chart(results: Path, title: str) -> "Bars":
    """Return a picture of how fast each contender does its jobs.

    Args:
        results: the folder with what `benchmarks/engines.py` has written.
        title: of the picture.
    """
    from luffy_lesson.classroom.page.bars import Bars  # here, for matplotlib takes a while to import

    measured = json.loads((results / "engines.json").read_text())
    rates = {}
    for name, guarantee in measured["guarantees"].items():
        if found := [one[name]["drain"] for one in measured["rounds"] if name in one]:
            rates[f"{name} ({guarantee})"] = statistics.median(found)
    return Bars(title, dict(sorted(rates.items(), key=lambda pair: -pair[1])), marked="luffy", logarithmic=True)


class Measurement:
    """A button that runs the benchmark in a process of its own; a thread waits for it."""

    shown: "ClassVar[set[Measurement]]" = set()  # for `lesson.fresh()` to stop

    def __init__(self) -> None:
        """Make the button; nothing runs yet."""
        self.button = ipywidgets.Button(description="Measure here", button_style="primary")
        self.said = ipywidgets.HTML(_missing())
        self.picture: Bars | None = None
        self.widget = ipywidgets.VBox([self.button, self.said])
        self._cell = owner.running()
        self.button.on_click(self.begin)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        Measurement.shown.add(self)

    def begin(self, _: Any = None) -> None:
        """Run it: a click."""
        self.button.disabled = True
        self._stopping.clear()
        context = contextvars.copy_context()  # in which ipykernel 7.0 keeps to which cell a display belongs
        self._thread = threading.Thread(target=context.run, args=[self._measure], name="Measurement")
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait until it has ended. Without one, do nothing."""
        self._stopping.set()
        if self._thread:
            self._thread.join(2 * ENDS_WITHIN)

    def _measure(self) -> None:
        owner.pin(self._cell)
        with tempfile.TemporaryDirectory() as folder:
            program = [sys.executable, "-u", str(BENCHMARKS / "engines.py"), *OPTIONS, f"--results={folder}"]
            process = subprocess.Popen(program, stdin=-3, stdout=-1, stderr=subprocess.STDOUT, text=True)
            assert process.stdout
            last = ""
            try:
                while not self._stopping.is_set() and threading.main_thread().is_alive():
                    if select.select([process.stdout], [], [], 0.2)[0]:
                        line = process.stdout.readline()
                        if not line:
                            break
                        last = line.strip() or last
                        self.said.value = f"<code>{escape(last[:120])}</code>"
                else:
                    self.said.value = "stopped"
            finally:
                process.terminate()
                try:
                    process.wait(ENDS_WITHIN)
                finally:
                    process.kill()
                    process.wait()
                    process.stdout.close()
                    self.button.disabled = False
            if (Path(folder) / "engines.json").exists():
                self.picture = chart(Path(folder), "Measured here, once: jobs a second")
                if in_notebook():
                    display(self.picture)
                self.said.value = _missing()


def _missing() -> str:
    """Say which engines are not there, how to get them, and how long it takes."""
    names = ["rq", "dramatiq", "huey", "celery", "taskiq"]
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    said = []
    if missing:
        said.append(f"Not installed here: {', '.join(missing)}. <code>{INSTALL}</code> gets them.")
    if not shutil.which("ruby"):
        said.append(f"For what is in Ruby: <code>{INSTALL_RUBY}</code> (Debian 12).")
    return " ".join([*said, f"It takes {'half a minute' if missing else 'about a minute'}."])


def engines() -> None:
    """Display what was measured of the course's system and of engines, and a button that measures on this machine."""
    display(chart(BENCHMARKS / "results", "Jobs that do nothing, a second: one process, five threads"))
    show_widget(Measurement().widget, TEXT)


def faults() -> None:
    """Display what engines lose: the picture that `benchmarks/faults.py` has drawn, and most rows of its table."""
    results = BENCHMARKS / "results"
    alt = "How long until a job is begun again after a kill, or that it is lost"
    if get_ipython():
        picture = {"image/png": (results / "faults.png").read_bytes(), "text/plain": alt}
        display(picture, metadata={"image/png": {"alt": alt}}, raw=True)
    text = (results / "faults.md").read_text(encoding="utf-8").partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(LEFT_OUT)]
    show_text("\n".join(rows), markdown="\n".join(rows))
