"""Every notebook, as a learner uses it: opened in JupyterLab, run, run again, restarted and interrupted in mid-run."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import nbformat
import pytest
from lab import ROOT, Lab, Notebook, Reading, sanitized, wait_until
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from test_exercises import FIRST, MISTAKES, solve

from luffy_lesson.classroom.page.display import HINT
from luffy_lesson.launcher.commands import SETTINGS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
AGAIN = ["02_threaded", "05_reliable_queue"]
"""Those that are run twice: with boards, with maps. `tests/lessons` runs the cells of all twice."""
PRINTED = ("application/vnd.jupyter.stdout", "text/plain")
BOARD = re.compile(r"\s*(waiting .*in (hand|flight) |scheduled \d+\s+retrying )")  # or a fleet: of one run only
WRONG = ("application/vnd.jupyter.stderr", "application/vnd.jupyter.error")

MAP = "watch(on_map=True)"
WORKING = re.compile(r"(\w+\(.*\)) (\d+\.\d) s")  # the job in hand, and for how long
AT_REST = re.compile(r"idle|stopped|[✓✗] .*")

OWN = [
    """
import queue, time
from luffy_lesson.classroom import lesson, timeline, watch
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker, say

class VeryHeavyService(Worker):
    def perform(self, seconds):
        time.sleep(seconds)
        say(f"This task loading {seconds} seconds")

lesson.fresh(3)
""",
    """
Luffy.backend = queue.Queue()
with watch():
    processors = Processor.start(2)
    for _ in range(20):
        VeryHeavyService.perform_queue(2)
    Luffy.backend.join()
""",
    "print(6 * 7)",
    """
with watch():
    VeryHeavyService.perform_now(60)
""",
    "timeline()",
]


FEW_JOBS = """
import sys
engines()
sys.modules[engines.__module__].OPTIONS = ["--rounds=1", "--jobs=100", "--single=5"]
"""


def calls(name: str, source: str) -> int:
    return len(re.findall(rf"\b{name}\(", source))


def boards(sources: list[str], opener: str = "watch") -> list[int]:
    """How many boards each cell opens: itself, or by a call to a function of the notebook that opens one.

    With the opener MAP, how many maps.
    """
    trees = [ast.parse(source) for source in sources]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    openers = {opener} | {function.name for function in functions if opener in called(function)}
    return [
        sum(name in openers for part in tree.body if not isinstance(part, ast.FunctionDef) for name in called(part))
        for tree in trees
    ]


def called(node: ast.AST) -> list[str]:
    """The names of the functions that are called; who watches on a map calls MAP."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    return [MAP if ast.unparse(one) == MAP else one.func.id for one in calls if isinstance(one.func, ast.Name)]


def lines(texts: Iterable[str]) -> str:
    return sanitized("".join(text.removesuffix("\n") + "\n" for text in texts))


def assert_as_stored(notebook: Notebook, run: bool = True) -> None:
    """Every line is under its own cell, and every board and picture is there.

    Args:
        notebook: as it is shown.
        run: whether it was run; else nothing can be used.
    """
    stored, shown = notebook.stored, notebook.cells()
    assert len(shown) == len(stored)
    opened, maps = (boards([cell.source for cell in stored], opener) for opener in ("watch", MAP))
    for number, (cell, page) in enumerate(zip(stored, shown, strict=True), 1):
        which = f"code cell {number}:\n{cell.source}"
        assert [output for output in page.outputs if output.kind in WRONG] == [], which
        plain = [output for output in cell.outputs if set(output.get("data", {})) <= {"text/plain"}]
        texts = [output.get("text") or output.data["text/plain"] for output in plain]
        assert lines(output.text for output in page.outputs if output.kind in PRINTED) == lines(texts), which
        htmls = [written(output.data["text/html"]) for output in cell.outputs if "text/html" in output.get("data", {})]
        widgets = sum(HINT in html for html in htmls) if run and is_for_use(cell.source, notebook) else 0
        assert sum(output.kind == "widget" for output in page.outputs) == widgets, which
        shown = [output.text for output in page.outputs if output.kind == "text/html"]
        expected = [html for html in htmls if not (widgets and HINT in html)]
        assert [text.strip() for text in shown if not BOARD.match(text)] == [
            text.strip() for text in expected if not BOARD.match(text)
        ], which
        assert len(page.boards) == opened[number - 1], which
        pictures = sum("image/png" in output.get("data", {}) for output in cell.outputs)
        assert sum(output.picture for output in page.outputs) == pictures + maps[number - 1], which
        assert pictures >= calls("timeline", cell.source), which
    assert_no_broken_widget(notebook)


def written(html: str) -> str:
    """What HTML says."""
    return unescape(re.sub("<[^>]*>", "", html))


def is_for_use(source: str, notebook: Notebook) -> bool:
    """Whether a cell's widget stays to be used: a prediction is over when it was compared."""
    prediction = re.search(r"^(\w+) = predict\(", source, re.MULTILINE)
    return not prediction or not any(f"{prediction[1]}.compare(" in cell.source for cell in notebook.stored)


def assert_no_broken_widget(notebook: Notebook) -> None:
    assert "Error displaying widget" not in notebook.text()
    assert "Loading widget" not in notebook.text()


def assert_boards_moved(notebook: Notebook) -> None:
    """Each board was seen to change: a job in hand lasted longer, or one moved or was done. At last all rest."""
    wait_until(lambda: not at_work(notebook), 10, "all boards rest")
    readings, sources = notebook.readings(), [cell.source for cell in notebook.stored]
    assert list(readings) == [(number, place) for number, count in enumerate(boards(sources)) for place in range(count)]
    maps = notebook.maps()
    assert set(maps) == {number for number, count in enumerate(boards(sources, MAP)) if count}
    for number, told in maps.items():
        still = notebook.cell(number).locator("img.luffy-map").first.get_attribute("alt")
        assert len({label.split(". ", 1)[1] for label in told} | {still}) >= 3, f"code cell {number + 1}: {told}"
    for (number, _), board in readings.items():
        which = f"code cell {number + 1}:\n{sources[number]}\n{board}"
        if "try" in notebook.stored[number].metadata.get("tags", []):  # its class is not written yet
            assert all(reading.counts.startswith("waiting 0 in hand 0 ✓ done 0") for reading in board), which
        elif "WorkerProcess" in sources[number]:  # whose lanes are elsewhere
            assert len(board) >= 3, which
        else:
            assert in_mid_run(board) or in_other_places(board) or counting(board), which
            assert all(map(AT_REST.fullmatch, board[-1].lanes)), which


def in_mid_run(board: list[Reading]) -> bool:
    """Whether a lane was seen to work on the same job at three moments at least, for longer each time."""
    times: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    for reading in board:
        for lane, text in enumerate(reading.lanes):
            if found := WORKING.fullmatch(text):
                times[lane, found[1]].append(float(found[2]))
    return any(
        told[number] < told[number + 1] < told[number + 2] for told in times.values() for number in range(len(told) - 2)
    )


def in_other_places(board: list[Reading]) -> bool:
    """Whether jobs were seen to come to, or to leave, where those are that are not due yet, or are dead."""
    return len({tuple(re.findall(r"(?:scheduled|retrying|dead) \d+", reading.counts)) for reading in board}) > 1


def counting(board: list[Reading]) -> bool:
    """Whether the number of jobs that are done was seen to grow, twice at least."""
    return len({re.search(r"✓ done (\d+)", reading.counts)[1] for reading in board}) > 2  # type: ignore[index]


def at_work(notebook: Notebook) -> bool:
    """Whether a lane of a board works, as far as was recorded."""
    return any(WORKING.fullmatch(lane) for board in notebook.readings().values() for lane in board[-1].lanes)


def write(folder: Path, sources: list[str]) -> Path:
    """A notebook of the test's own."""
    path = folder / "own.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [new_code_cell(source.strip()) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_is_stored_each_time_it_is_run_and_its_exercise_is_solved(
    browser, lab, nothing_solved, picture, path
):
    with Notebook(browser, lab, lab.copy() / path.name) as notebook:
        assert_no_broken_widget(notebook)
        for _ in range(2 if path.stem in AGAIN else 1):
            notebook.run_all()
            notebook.wait_done()
            assert_as_stored(notebook)
            assert_boards_moved(notebook)
        notebook.screenshot(picture(path.stem))
        if path.stem in MISTAKES.keys() - {FIRST}:
            solve(notebook, picture, progress=True)


@pytest.mark.parametrize("name", ["03_memory_queue", "04_redis_queue"])
def test_a_notebook_runs_after_a_restart_and_an_interrupt_in_mid_run(browser, lab, picture, name):
    with Notebook(browser, lab, lab.copy() / f"{name}.ipynb") as notebook:
        notebook.run_all()
        wait_until(lambda: at_work(notebook), 60, "a lane works")
        notebook.restart()
        notebook.run_all()
        wait_until(lambda: at_work(notebook), 60, "a lane works")
        notebook.interrupt()
        wait_until(lambda: not at_work(notebook), 30, "the board rests")
        notebook.screenshot(picture(f"{name}_interrupted"))
        notebook.run_all()
        notebook.wait_done()
        assert_as_stored(notebook)
        assert_boards_moved(notebook)


def test_an_interrupted_board_comes_to_rest_and_the_kernel_goes_on(browser, lab, picture):
    with Notebook(browser, lab, write(lab.copy(), OWN)) as notebook:
        notebook.run_cell(0)
        notebook.wait_cell(0)
        for number in (1, 3):
            notebook.record()
            notebook.run_cell(number)
            wait_until(lambda: any(map(in_mid_run, notebook.readings().values())), 30, "a job is in hand")
            notebook.interrupt()
            notebook.wait_cell(number)
            wait_until(lambda: not at_work(notebook), 10, "no lane counts")
            notebook.run_cell(2)
            notebook.wait_cell(2)
            assert notebook.cells()[2].text == "42\n"
        notebook.run_cell(4)
        wait_until(lambda: any(output.picture for output in notebook.cells()[4].outputs), 30, "the picture is there")
        notebook.screenshot(picture("interrupted"))
        queued, now = notebook.cells()[1], notebook.cells()[3]
    assert "Interrupted: the processors finish the jobs in hand" in queued.text
    assert [lane.text for lane in queued.boards[0]] == ["stopped", "stopped"]
    assert "✗ VeryHeavyService(60): KeyboardInterrupt" in [lane.text for lane in now.boards[0]]


def test_the_line_of_a_thread_is_under_its_cell_when_another_has_run_since(browser, lab):
    sources = ["thread = VeryHeavyService.perform_async(1)", "print(6 * 7)\nthread.join()"]
    with Notebook(browser, lab, write(lab.copy(), [OWN[0], *sources])) as notebook:
        notebook.run_all()
        notebook.wait_done()
        wait_until(lambda: "loading 1 seconds" in notebook.text(), 10, "the line is there")
        _, first, second = notebook.cells()
    assert sanitized(first.text) == "[Thread-N (perform_now)] This task loading 1 seconds\n"
    assert second.text == "42\n"


@pytest.mark.parametrize("name", ["03_memory_queue", "04_redis_queue"])
def test_an_experiment_starts_and_stops_and_leaves_the_kernel_free(browser, lab, picture, name):
    with Notebook(browser, lab, lab.copy() / f"{name}.ipynb") as notebook:
        sources = [cell.source for cell in notebook.stored]
        heavy, experiment, words = (
            next(number for number, source in enumerate(sources) if re.search(wanted, source, re.MULTILINE))
            for wanted in (r"^    def perform\(self, seconds\)", r"^experiment\(", r"^words\(")
        )
        for number in (0, heavy, experiment - 1, experiment):  # the one before it asks for a prediction
            notebook.run_cell(number)
            notebook.wait_cell(number)
        cell = notebook.cell(experiment)

        def slide(name: str, *keys: str) -> None:
            handle = cell.locator(".widget-slider", has_text=name).locator(".noUi-handle")
            for key in keys:
                handle.press(key)

        def says(text: str) -> None:
            cell.get_by_text(text).first.wait_for()

        says("20 jobs, 5 at a time: 4 rounds of 1 s = 4 s")
        slide("processors", "Home", "ArrowRight")
        says("20 jobs, 2 at a time: 10 rounds of 1 s = 10 s")
        notebook.record()
        cell.get_by_role("button", name="Start").click()
        wait_until(lambda: any(map(in_mid_run, notebook.readings().values())), 30, "a lane works")
        notebook.run_cell(words)  # the kernel is free
        notebook.wait_cell(words)
        assert at_work(notebook)
        says("[Processor 0] This task loading 1 seconds")
        says("2 of 20 jobs in")
        notebook.screenshot(picture(f"{name}_experiment"), experiment)
        cell.get_by_role("button", name="Stop").click()
        says("of 20 jobs were done")
        cell.get_by_role("button", name="Start", disabled=False).wait_for()
        wait_until(lambda: not at_work(notebook), 10, "the lanes rest")
        slide("jobs", "Home")
        cell.get_by_role("button", name="Start").click()
        says("measured: 1 jobs in")
        wait_until(lambda: not at_work(notebook), 10, "the lanes rest")


def test_lesson_8_computes_at_a_slider_and_measures_at_a_click(browser, lab, picture):
    widgets = ["from luffy_lesson.classroom import engines, sliders\nsliders()", FEW_JOBS]
    with Notebook(browser, lab, write(lab.copy(), widgets)) as notebook:
        notebook.run_all()
        notebook.wait_done()
        little, measured = notebook.cell(0), notebook.cell(1)
        processors = little.locator(".widget-slider", has_text="processors").locator(".noUi-handle")
        assert "5 processors are busy 80% of the time" in little.inner_text()
        processors.press("ArrowLeft")
        little.get_by_text("the queue grows").first.wait_for()
        pictures = measured.locator("img")
        assert pictures.count() == 1  # the recorded one
        measured.get_by_role("button", name="Measure here").click()
        measured.get_by_text("round 1: luffy, step 8").wait_for()
        wait_until(lambda: pictures.count() == 2, 150, "what was measured is shown")
        measured.get_by_role("button", name="Measure here", disabled=False).wait_for()
        notebook.screenshot(picture("engines"), 1)


def test_a_notebook_that_was_saved_by_the_launchers_jupyter_shows_its_sliders_when_it_is_opened_again(browser):
    with Lab(settings=SETTINGS) as lab:
        path = write(lab.copy(), ["from luffy_lesson.classroom import sliders\nsliders()"])
        with Notebook(browser, lab, path) as notebook:
            notebook.run_all()
            notebook.wait_done()
            notebook.save()
        assert "widgets" in nbformat.read(path, 4).metadata
        with Notebook(browser, lab, path) as notebook:
            notebook.cell(0).locator(".widget-slider").first.wait_for()
            assert_no_broken_widget(notebook)


@pytest.mark.parametrize("jupyter", ["lab", "notebook_7"], indirect=True)
def test_a_notebook_that_was_saved_by_any_jupyter_can_be_read_when_it_is_opened_again(browser, jupyter, picture):
    path = jupyter.copy() / "00_start_here.ipynb"
    with Notebook(browser, jupyter, path) as notebook:
        sources = [cell.source for cell in notebook.stored]
        (predicts,) = (number for number, source in enumerate(sources) if calls("predict", source))
        (watches,) = (number for number, source in enumerate(sources) if calls("watch", source))
        for number in range(predicts + 1):
            notebook.run_cell(number)
            notebook.wait_cell(number)
        notebook.cell(predicts).get_by_label("2 s").check()
        notebook.run_cell(watches)
        notebook.wait_cell(watches)
        notebook.save()
        late = browser.new_context().new_page()  # of a second person, while the first has it open
        late.goto(jupyter.address(path))
        late.locator(".luffy-board", has_text="✓ done 10").wait_for()
        assert late.get_by_text("Error displaying widget").count() == 0
        late.context.close()
    assert "widgets" not in nbformat.read(path, 4).metadata
    with Notebook(browser, jupyter, path) as notebook:
        assert_no_broken_widget(notebook)
        (board,) = notebook.cells()[watches].boards
        assert [lane.name for lane in board] == [f"Processor {number}" for number in range(5)]
        assert "✓ done 10" in notebook.cell(watches).inner_text()
        assert "● 2 s" in notebook.cell(predicts).inner_text()
        notebook.screenshot(picture(f"opened_again_{jupyter.program}"))


def test_an_experiment_leaves_its_last_run_and_what_was_predicted_in_the_notebook(browser, lab, picture):
    cells = [
        OWN[0],
        "from luffy_lesson.classroom import experiment, predict\nguess = predict('1 s', '2 s')",
        "experiment(VeryHeavyService, Processor, queue.Queue(), guess)",
    ]
    path = write(lab.copy(), cells)
    with Notebook(browser, lab, path) as notebook:
        for number in range(2):
            notebook.run_cell(number)
            notebook.wait_cell(number)
        notebook.cell(1).get_by_label("2 s").check()
        notebook.run_cell(2)
        notebook.wait_cell(2)
        notebook.cell(1).get_by_text("● 2 s").wait_for()  # before anybody presses Start
        notebook.cell(2).locator(".widget-slider", has_text="jobs").locator(".noUi-handle").press("Home")
        notebook.cell(2).get_by_role("button", name="Start").click()
        notebook.cell(2).get_by_text("measured: 1 jobs in").wait_for()
        notebook.save()
    with Notebook(browser, lab, path) as notebook:
        assert notebook.cell(1).locator(".jp-OutputArea-output").inner_text() == "I say:  ○ 1 s  ● 2 s"
        assert "measured: 1 jobs in 1." in notebook.cell(2).inner_text()
        (board,) = notebook.cells()[2].boards
        assert len(board) == 5
        notebook.screenshot(picture("experiment_opened_again"))


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_what_was_just_cloned_and_is_not_trusted_shows_boards_and_code_as_they_are_stored(browser, lab, picture, theme):
    path = lab.copy(trusted=False) / "02_threaded.ipynb"
    with Notebook(browser, lab, path) as notebook, notebook.theme(theme):
        assert_as_stored(notebook, run=False)
        bars = notebook.page.locator(".luffy-bar i")
        assert bars.count() == 25
        looks = {bars.nth(number).evaluate("bar => getComputedStyle(bar).backgroundColor") for number in range(5)}
        assert looks == {"rgb(31, 131, 196)"}
        code = notebook.page.locator(".jp-OutputArea .highlight pre").first
        assert "mono" in code.evaluate("code => getComputedStyle(code).fontFamily")
        colours = "code => [code, code.querySelector('.k')].map(part => getComputedStyle(part).color)"
        assert len(set(code.evaluate(colours))) == 2
        notebook.screenshot(picture(f"not_trusted_{theme.split()[-1].lower()}"))


def test_in_a_narrow_window_all_of_a_board_is_there(browser, lab, picture):
    path = lab.copy() / "02_threaded.ipynb"
    with Notebook(browser, lab, path) as notebook:
        notebook.narrow(480, 900)
        board = notebook.page.locator(".luffy-board").last
        board.scroll_into_view_if_needed()
        outside = """board => {
            const edge = board.closest('.jp-OutputArea-output').getBoundingClientRect().right + 1;
            return [...board.querySelectorAll('*')].filter(part => part.getBoundingClientRect().right > edge).length;
        }"""
        wait_until(lambda: board.evaluate(outside) == 0, 10, "all is within the window")
        notebook.screenshot(picture("narrow"))


def test_notebook_7_shows_it_too(browser, notebook_7, picture):
    with Notebook(browser, notebook_7, notebook_7.copy() / "03_memory_queue.ipynb") as notebook:
        notebook.run_all()
        notebook.wait_done()
        assert_as_stored(notebook)
        assert_boards_moved(notebook)
        notebook.screenshot(picture("notebook_7"))


@pytest.mark.parametrize("media", ["screen", "print"])
def test_an_exported_page_shows_boards_pictures_and_code_as_they_are_stored(browser, tmp_path, picture, media):
    page_file = tmp_path / "exported.html"
    page_file.write_text(HTMLExporter().from_filename(str(ROOT / "notebooks/03_memory_queue.ipynb"))[0])
    page = browser.new_page()
    page.emulate_media(media=media)
    page.goto(page_file.as_uri())
    page.locator(".luffy-board", has_text="✓ done").first.wait_for()
    page.get_by_text("I say:").first.wait_for()
    page.locator("img.luffy-map").first.wait_for()
    wait_until(lambda: page.locator("img.luffy-map").first.evaluate("map => map.naturalWidth") > 600, 10, "the map")
    assert page.get_by_text("Error displaying widget").count() == 0
    code = page.locator(".jp-OutputArea .highlight pre").first
    assert "mono" in code.evaluate("code => getComputedStyle(code).fontFamily")
    page.locator(".luffy-board").first.scroll_into_view_if_needed()
    page.screenshot(path=picture(f"exported_{media}"))
    page.close()
