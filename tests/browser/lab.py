"""A real JupyterLab or Notebook 7 for the tests, and its pages as a person uses them, in a real browser."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import nbformat
import psutil
from fast_import import PYTHONPATH
from nbformat.sign import NotebookNotary
from nbval.plugin import get_sanitize_patterns
from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from luffy_lesson.host.browser import find_browser
from luffy_lesson.host.redis_server import ENDS_WITH, RedisServer, free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""How long a server may take to start, and a page to load, in seconds."""

USER_SETTINGS = {
    # All cells are in the page at once, also those that are scrolled out of sight.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    # What JupyterLab asks everybody at first was answered: nothing lies above a cell.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
CHANGED = "#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current.jp-mod-dirty"

LOOK = """
() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].map(cell => ({
    prompt: cell.querySelector('.jp-InputPrompt').textContent.trim(),
    outputs: [
        ...cell.querySelectorAll('.jp-Cell-outputArea > .jp-OutputArea-child > .jp-OutputArea-output'),
    ].map(output => ({
        kind: output.dataset.mimeType || (output.querySelector('.jupyter-widgets') ? 'widget' : ''),
        text: output.textContent, picture: !!output.querySelector('img'),
    })),
    boards: [...cell.querySelectorAll('.luffy-board')].map(
        board => [...board.querySelectorAll('.luffy-lane')].map(
            lane => [...lane.children].map(part => part.textContent))),
}))
"""
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(prompt => prompt.textContent.trim())"
EDITED = "editor => [...editor.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n')"
NUMBERED = "/^\\[\\d+\\]:$/"

# Whether a prompt has had its star since. A quick cell has it for a moment only, and may get the number it had before.
EXPECT_STAR = """
prompt => {
    window.luffyBegun = false;
    const observer = new MutationObserver(() => {
        if (!prompt.textContent.includes('*')) return;
        window.luffyBegun = true;
        observer.disconnect();
    });
    observer.observe(prompt, {subtree: true, childList: true, characterData: true});
}
"""

# Every change of every board and map, from now on. Each is known by its cell and its place there: its elements change.
RECORD = """
() => {
    const old = new Set(document.querySelectorAll('.luffy-board'));
    const readings = window.luffyReadings = {}, maps = window.luffyMaps = {};
    window.luffyObserver?.disconnect();
    window.luffyObserver = new MutationObserver(() => {
        document.querySelectorAll('.jp-Notebook .jp-CodeCell').forEach((cell, number) => {
            cell.querySelectorAll('.luffy-board').forEach((board, place) => {
                const told = readings[`${number} ${place}`] ??= [];
                const reading = {
                    counts: board.querySelector('.luffy-counts').textContent,
                    lanes: [...board.querySelectorAll('.luffy-lane')].map(lane => lane.children[2].textContent),
                };
                if (!old.has(board) && JSON.stringify(reading) !== JSON.stringify(told.at(-1))) told.push(reading);
            });
            cell.querySelectorAll('.luffy-map svg').forEach((map, place) => {
                const told = maps[`${number} ${place}`] ??= [], label = map.getAttribute('aria-label');
                if (label !== told.at(-1)) told.push(label);
            });
        });
    });
    window.luffyObserver.observe(document.body, {subtree: true, childList: true, characterData: true});
}
"""
# Returns how much higher the window must be to show all.
TO_THE_TOP = """
() => {
    const panel = document.querySelector('.jp-WindowedPanel-outer');
    panel.scrollTop = 0;
    return panel.querySelector('.jp-WindowedPanel-viewport').offsetHeight - panel.clientHeight;
}
"""


class Lane(NamedTuple):
    """A lane of a board, as it can be read."""

    name: str
    bar: str
    text: str
    tally: str


class Reading(NamedTuple):
    """What a board showed at a moment: its counts, and the text of each lane."""

    counts: str
    lanes: list[str]


class Output(NamedTuple):
    """An output of a cell. Its kind is a MIME type, or `widget`."""

    kind: str
    text: str
    picture: bool


class Cell(NamedTuple):
    """A code cell as it is shown: its prompt, its outputs, and the lanes of its boards."""

    prompt: str
    outputs: list[Output]
    boards: list[list[Lane]]

    @property
    def text(self) -> str:
        """What was printed, on stdout and stderr."""
        return "".join(output.text for output in self.outputs if output.kind.startswith("application/vnd.jupyter.std"))


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until a condition holds, and return its value.

    Raises:
        TimeoutError: when it does not hold in time; `what` says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return value


class Lab:
    """A Jupyter server with a temporary folder for everything: its settings, its home, its Redis server, the notebooks.

    A context manager: at its end the server, its kernels, the Redis server and the folder are gone.
    """

    def __init__(self, program: str = "jupyterlab", settings: Path | None = None) -> None:
        """Start it.

        Args:
            program: `jupyterlab`, or `notebook` for Notebook 7.
            settings: a folder of its defaults; None for those that anybody has.
        """
        self.program, self.settings = program, settings
        self.page: Page | None = None  # of JupyterLab, with no notebook open: to load it takes most of a quick test
        self.folder = Path(tempfile.mkdtemp(prefix="luffy_lesson_lab_")).resolve()
        self.home = self.folder / "home"
        self.course = self.folder / "course"
        self.home.mkdir()
        self.course.mkdir()
        self.forget_settings()
        port, self._token = free_port(), os.urandom(16).hex()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", program, "--no-browser", f"--ServerApp.root_dir={self.course}"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
        if os.geteuid() == 0:
            command.append("--allow-root")
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=self._environment(), cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            wait_until(self._answers, PATIENCE, f"{program} answers")
        except BaseException:
            self.stop()
            raise

    def _environment(self) -> dict[str, str]:
        mine = ("JUPYTER", "IPYTHON", "LUFFY", "MPL", "XDG", "REDIS_URL")
        folders = {
            "HOME": "home",
            "LUFFY_HOME": "luffy",
            "IPYTHONDIR": "ipython",
            "MPLCONFIGDIR": "matplotlib",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        return (
            {name: value for name, value in os.environ.items() if not name.startswith(mine)}
            | {name: str(self.folder / folder) for name, folder in folders.items()}
            | {
                "JUPYTER_CONFIG_PATH": str(self.settings or ""),
                "JUPYTER_PREFER_ENV_PATH": "1",
                "JUPYTER_TOKEN": self._token,
                ENDS_WITH: os.environ.get(ENDS_WITH, str(os.getpid())),
                "PYTHONPATH": PYTHONPATH,
            }
        )

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.program} has ended:\n{self.log()}")
        with contextlib.suppress(OSError):
            self._ask("GET", "status")
            return True
        return False

    def _ask(self, method: str, what: str) -> Any:
        request = urllib.request.Request(f"{self.url}/api/{what}", method=method)
        request.add_header("Authorization", f"token {self._token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def log(self) -> str:
        """Return the end of what the server has printed."""
        return "\n".join((self.folder / "server.log").read_text(errors="replace").splitlines()[-30:])

    def copy(self, trusted: bool = True) -> Path:
        """Make a fresh copy of the course's notebooks, which the server shows; return its folder.

        Args:
            trusted: whether the server trusts them. Nobody trusts what was just cloned.
        """
        copy = Path(tempfile.mkdtemp(dir=self.course))
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / "notebooks", copy, dirs_exist_ok=True, ignore=ignored)
        notary = NotebookNotary(data_dir=str(self.folder / "data"))
        for path in (
            copy.glob("*.ipynb") if trusted else ()
        ):  # in what is not trusted, a stored widget is not even tried
            notary.sign(nbformat.read(path, 4))
        notary.store.close()
        return copy

    def forget_settings(self) -> None:
        """Give those who open it the settings that they have at first."""
        shutil.rmtree(self.folder / "settings", ignore_errors=True)
        for plugin, settings in USER_SETTINGS.items():
            path = self.folder / f"settings/{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(settings))

    def forget_progress(self) -> None:
        """Begin anew with all exercises."""
        (self.folder / "luffy/progress.txt").unlink(missing_ok=True)

    def address(self, path: Path) -> str:
        """Return the address that shows a notebook: with nothing else that was open before."""
        place = path.relative_to(self.course)
        page = "notebooks" if self.program == "notebook" else f"lab/workspaces/{place.parent}/tree"
        return f"{self.url}/{page}/{place}?token={self._token}"

    def sessions(self) -> list[dict[str, Any]]:
        """Return which kernels there are, and for which notebooks."""
        return self._ask("GET", "sessions")

    def kernel_is_ready(self, path: Path) -> bool:
        """Whether a notebook's kernel is there, has nothing to do, and the page is connected to it."""
        name = str(path.relative_to(self.course))
        kernels = [session["kernel"] for session in self.sessions() if session["path"] == name]
        return any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels)

    def end_kernels(self) -> None:
        """End all kernels."""
        for session in self.sessions():
            self._ask("DELETE", f"sessions/{session['id']}")

    def stop(self) -> None:
        """End the server and all that it has started, and remove its folder."""
        children = []
        if self._process.poll() is None:
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        RedisServer(self.folder / "luffy/redis").stop()
        for process in psutil.wait_procs(children, timeout=5)[1]:
            process.kill()
        psutil.wait_procs(children, timeout=5)
        shutil.rmtree(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextlib.contextmanager
def chromium(home: Path) -> Iterator[Browser]:
    """Start the browser that is installed here.

    Args:
        home: the folder for what it keeps.
    """
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=options, env=os.environ | {"HOME": str(home)}
        )
        try:
            yield browser
        finally:
            browser.close()


class Notebook:
    """A notebook in the browser."""

    def __init__(self, browser: Browser, lab: Lab, path: Path, width: int = 1280, height: int = 900) -> None:
        """Open it, and wait until its kernel is ready. It is a context manager, that closes it and ends its kernel.

        It is opened as a person opens a second one, in the same JupyterLab, unless something has failed there.

        Args:
            browser: in which.
            lab: the server that shows it.
            path: the notebook's file.
            width: of the window.
            height: of the window.
        """
        self.lab, self.path = lab, path
        self.narrowed = False
        self.stored = code_cells(path)  # read now: JupyterLab saves what it shows, now and then, to the same file
        size: ViewportSize = {"width": width, "height": height}
        if lab.page:
            self.page, lab.page = lab.page, None
            self.page.set_viewport_size(size)
            self.menu("File", "filebrowser:open-path")
            self.page.fill(".jp-Dialog input", str(path.relative_to(lab.course)))
            self.page.click(".jp-Dialog .jp-mod-accept")
        else:
            self.page = browser.new_context(viewport=size).new_page()
            self.page.set_default_timeout(PATIENCE * 1000)
            self.page.goto(lab.address(path))
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
        self.wait_idle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:
            self.lab.forget_settings()
        if failed or self.lab.program == "notebook":
            self.page.context.close()
        else:
            if self.narrowed:
                self.page.set_viewport_size({"width": 1280, "height": 900})
                self.page.keyboard.press("Control+b")
                self.page.locator("#filebrowser").wait_for()
            self.close()
            self.lab.page = self.page
        self.lab.end_kernels()

    def close(self) -> None:
        """Close its tab, and save nothing."""
        notebook, discard = self.page.locator(".jp-Notebook"), self.page.locator(".jp-Dialog .jp-mod-warn")
        self.menu("File", "application:close")
        wait_until(lambda: discard.count() or not notebook.count(), 10, "the tab closes, or what is not saved is told")
        if discard.count():
            discard.click()
        notebook.wait_for(state="detached")

    @contextlib.contextmanager
    def theme(self, name: str) -> Iterator[None]:
        """Choose how JupyterLab looks, until the block ends."""
        before = self.page.evaluate("document.body.dataset.jpThemeName")
        self._choose_theme(name)
        yield
        self._choose_theme(before)

    def _choose_theme(self, name: str) -> None:
        if self.page.evaluate("document.body.dataset.jpThemeName") == name:
            return
        self.page.click(".lm-MenuBar-itemLabel:text-is('Settings')")
        self.page.click(".lm-Menu-item:has(.lm-Menu-itemLabel:text-is('Theme'))")
        self.page.click(f".lm-Menu-item:has(.lm-Menu-itemLabel:text-is('{name}'))")
        self._wait_for(f"document.body.dataset.jpThemeName === '{name}'")

    def narrow(self, width: int, height: int) -> None:
        """Hide the list of files, and make the window smaller."""
        self.narrowed = True
        self.page.keyboard.press("Control+b")
        self.page.set_viewport_size({"width": width, "height": height})

    def cells(self) -> list[Cell]:
        """Return the code cells as they are shown now."""
        return [
            Cell(
                cell["prompt"],
                [Output(**output) for output in cell["outputs"]],
                [[Lane(*lane) for lane in board] for board in cell["boards"]],
            )
            for cell in self.page.evaluate(LOOK)
        ]

    def cell(self, number: int) -> Locator:
        """Return a code cell in the page."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def text(self) -> str:
        """Return all text of the page."""
        return self.page.inner_text("body")

    def menu(self, title: str, command: str) -> None:
        """Choose a command of a menu."""
        self.page.click(f".lm-MenuBar-itemLabel:text-is('{title}')")
        self.page.click(f".lm-Menu-item[data-command='{command}']")

    def save(self) -> None:
        """Save the notebook. While that lasts, its file may be empty, and its tab shows that there are changes."""
        before = self.path.stat().st_mtime_ns
        self.menu("File", "docmanager:save")
        wait_until(lambda: self.path.stat().st_mtime_ns != before, 10, "the file is written")
        wait_until(lambda: self.path.stat().st_size, 10, "the file is whole")
        self.page.wait_for_selector(CHANGED, state="detached")

    def record(self) -> None:
        """Note what new boards show from now on, for `readings`."""
        self.page.evaluate(RECORD)

    def run_all(self) -> None:
        """Begin to run all cells, and to record."""
        self.record()
        self.cell(0).locator(".jp-InputPrompt").evaluate(EXPECT_STAR)
        self.menu("Run", "runmenu:run-all")
        self._wait_for("window.luffyBegun")

    def run_cell(self, number: int) -> None:
        """Begin to run one code cell."""
        self.cell(number).locator(".jp-InputPrompt").evaluate(EXPECT_STAR)
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self._wait_for("window.luffyBegun")

    def wait_cell(self, number: int, seconds: float = 60) -> None:
        """Wait until a code cell has its number."""
        self._wait_for(f"{NUMBERED}.test({PROMPTS}[{number}])", seconds)

    def run(self, number: int) -> str:
        """Run one code cell to its end, and return what it has printed."""
        self.run_cell(number)
        self.wait_cell(number)
        return self.cells()[number].text

    def write(self, number: int, source: str) -> None:
        """Write a code cell anew: one line key by key, and more of them at once, as when they are pasted.

        With the keys of several lines, the editor would indent what is indented already.
        """
        editor, keyboard, source = self.cell(number).locator(".cm-content"), self.page.keyboard, source.strip()
        editor.click()
        keyboard.press("Control+A")
        keyboard.press("Delete")
        write = keyboard.insert_text if "\n" in source else keyboard.type
        write(source)
        wait_until(lambda: editor.evaluate(EDITED) == source, 10, f"the editor has\n{source}")

    def add_below(self, number: int) -> int:
        """Add an empty code cell below one, and return its number."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        before = cells.count()
        self.cell(number).locator(".jp-InputPrompt").click()  # selects the cell: now keys are commands
        self.page.keyboard.press("b")
        wait_until(lambda: cells.count() == before + 1, 10, "a cell is added")
        return number + 1

    def wait_done(self, seconds: float = 150) -> None:
        """Wait until every code cell has its number and the kernel has nothing to do."""
        self._wait_for(f"{PROMPTS}.every(prompt => {NUMBERED}.test(prompt))", seconds)
        self.wait_idle()

    def _wait_for(self, expression: str, seconds: float = PATIENCE) -> None:
        # By default the page is asked, and so drawn, 60 times a second: a third of what a test costs.
        self.page.wait_for_function(expression, polling=50, timeout=seconds * 1000)

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        try:
            wait_until(lambda: self.lab.kernel_is_ready(self.path), PATIENCE, "the kernel is ready")
        except TimeoutError as error:
            error.add_note(
                f"{self.lab.sessions()}\n{self.page.locator('.jp-Dialog').all_inner_texts()}\n{self.lab.log()}"
            )
            raise
        self.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']")

    def readings(self) -> dict[tuple[int, int], list[Reading]]:
        """Return what boards have shown since `record`: for each its cell and its place there, and the changes."""
        readings = self.page.evaluate("window.luffyReadings")
        return {
            tuple(map(int, place.split())): [Reading(**reading) for reading in told]
            for place, told in readings.items()
            if told
        }

    def maps(self) -> dict[int, list[str]]:
        """Return what maps have told since `record`: for each cell that has some, the changes."""
        told: dict[int, list[str]] = {}
        for place, labels in self.page.evaluate("window.luffyMaps").items():
            told.setdefault(int(place.split()[0]), []).extend(labels)
        return told

    def interrupt(self) -> None:
        """Press ■."""
        self.page.click(".jp-NotebookPanel-toolbar [data-jp-item-name='interrupt'] :is(button, jp-button)")

    def restart(self) -> None:
        """Restart the kernel, and wait until it is ready."""
        self.menu("Kernel", "kernelmenu:restart")
        self.page.click(".jp-Dialog .jp-mod-accept")
        self.page.wait_for_selector(".jp-Dialog", state="detached")
        self.wait_idle()

    def screenshot(self, path: Path, cell: int | None = None) -> None:
        """Take a picture of the whole notebook, in a window that is high enough for it; or of one code cell.

        Args:
            path: where to.
            cell: the number of the code cell.
        """
        if cell is None:
            size = self.page.viewport_size
            assert size
            hidden = self.page.evaluate(TO_THE_TOP)
            self.page.set_viewport_size({**size, "height": size["height"] + max(hidden, 0)})
            self.page.screenshot(path=path)
            self.page.set_viewport_size(size)
        else:
            self.cell(cell).screenshot(path=path)

    def screenshot_down_to(self, path: Path, cell: int) -> None:
        """Take a picture of the window, scrolled so that it ends with a code cell.

        Args:
            path: where to.
            cell: the number of the code cell.
        """
        self.cell(cell).evaluate("cell => cell.scrollIntoView({block: 'end'})")
        self.page.screenshot(path=path)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """Return the code cells that a notebook's file has."""
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def sanitized(text: str) -> str:
    """Return a text without what validation overlooks."""
    rules = get_sanitize_patterns((ROOT / "luffy_lesson/launcher/sanitize.cfg").read_text())
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text
