"""Pictures are seen in JupyterLab and in Notebook 7: a lesson's diagram, and a run that is wound back."""

import nbformat
import pytest
from lab import Notebook, wait_until
from nbformat.v4 import new_code_cell, new_notebook

from luffy_lesson.classroom import Journey
from luffy_lesson.classroom.watch.entry import Entry

WIDTHS = "pictures => pictures.map(picture => picture.complete && picture.naturalWidth)"
WAITING, IN_HAND = "#e9b44c", "#0072b2"
PLACES = """
(picture, colour) => {
    const svg = new DOMParser().parseFromString(atob(picture.src.split(',')[1]), 'image/svg+xml');
    return [...svg.querySelectorAll(`rect[width="22"][fill="${colour}"]`)].map(
        token => [token.getAttribute('x'), token.getAttribute('y')].map(Number)).filter(place => place[1] < 200);
}
"""
# From another address it begins anew; a browser that has played a picture does not play it again.
BEGIN_ANEW = """
picture => {
    picture.src = picture.src.replace(';base64', ';again=1;base64');
    return picture.decode();
}
"""

pytestmark = pytest.mark.browser

RUN = [
    Entry(0, "ready", process="process 1", number=2),
    Entry(0.5, "queued", "W(1)", number=2),
    Entry(1, "fetched", "W(1)", "process 1", "Processor 1"),
    Entry(1.001, "killed", process="process 1"),
]


def write_replay(path):
    """Write a notebook in which RUN is wound back."""
    Journey(RUN, step=5).save(path.with_name("run.jsonl"))
    cell = new_code_cell("from luffy_lesson.classroom import Journey, replay\nreplay(Journey.load('run.jsonl'))")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=[cell], metadata=kernel), path)


@pytest.mark.parametrize("jupyter", ["lab", "notebook_7"], indirect=True)
def test_a_diagram_is_seen(browser, jupyter):
    with Notebook(browser, jupyter, jupyter.copy() / "07_retries.ipynb") as notebook:
        diagram = notebook.page.locator(".jp-MarkdownCell img")
        diagram.scroll_into_view_if_needed()
        assert diagram.get_attribute("alt").startswith("A job in flight")
        wait_until(lambda: diagram.evaluate_all(WIDTHS) == [940], 30, "it is drawn, at its size")


@pytest.mark.parametrize("jupyter", ["lab", "notebook_7"], indirect=True)
def test_what_is_stored_of_a_run_moves_and_comes_to_rest_where_nobody_trusts_it(browser, jupyter):
    path = jupyter.copy() / "03_memory_queue.ipynb"
    path.write_text(path.read_text().replace("lesson.fresh(3)", "lesson.fresh(3)  # changed: nobody trusts it"))
    with Notebook(browser, jupyter, path) as notebook:
        (number,) = [number for number, cell in enumerate(notebook.stored) if cell.source == "replay()"]
        moving = notebook.cell(number).locator("img")
        wait_until(lambda: moving.evaluate_all(WIDTHS) == [940], 30, "it is there")
        assert notebook.page.locator(".jp-CodeCell .jp-mod-trusted").count() == 0
        moving.scroll_into_view_if_needed()

        def moves():
            moving.evaluate(BEGIN_ANEW)
            return not stays()

        def stays():
            seen = moving.screenshot()
            notebook.page.wait_for_timeout(2000)  # half of the run
            return moving.screenshot() == seen

        wait_until(moves, 60, "it moves")  # a machine that is busy may sleep through it
        wait_until(stays, 30, "it comes to rest")


@pytest.mark.parametrize(
    ("jupyter", "theme"),
    [("lab", "JupyterLab Dark"), ("notebook_7", "JupyterLab Light")],
    indirect=["jupyter"],
)
def test_a_run_is_wound_back_by_buttons_keys_and_a_player_and_is_there_without_its_kernel(
    browser, jupyter, picture, theme
):
    path = jupyter.copy() / "own.ipynb"
    write_replay(path)
    with Notebook(browser, jupyter, path) as notebook, notebook.theme(theme):
        notebook.run_all()
        notebook.wait_done()
        output = notebook.cell(0)
        moving, seen = output.locator("img:not(.luffy-map)"), output.locator("img.luffy-map")
        wait_until(lambda: moving.evaluate_all(WIDTHS) == [940], 30, "what moves is there")
        told = output.locator(".widget-html").get_by_text("A journey: 2 jobs: waiting 1, left behind 1, once left")
        wait_until(told.is_visible, 20, "what it shows is said")

        def says(text):
            wait_until(lambda: seen.count() == 1 and text in seen.get_attribute("alt"), 20, text)

        forth = output.get_by_role("button", name="event ▶")
        forth.click()
        says("After 0.0 s. Process 1 is ready, with 2 processors. no jobs.")
        forth.click()
        says("After 0.5 s. W(1) was put in the queue, 2 times. waiting 2.")
        assert moving.count() == 0
        assert seen.evaluate(PLACES, WAITING) == [[372, 84], [346, 84]]
        forth.press("Enter")
        says("After 1.0 s. Processor 1 of process 1 took W(1). waiting 1, in hand 1.")
        assert seen.evaluate(PLACES, IN_HAND) == [[490, 110]]
        forth.press("Enter")  # a millisecond later
        says("Process 1 was killed, with 1 job in hand: in flight all the same. waiting 1, left behind 1.")
        notebook.screenshot(picture(f"wound_back_{jupyter.program}"))
        handle = output.get_by_role("slider")
        wait_until(lambda: handle.get_attribute("aria-valuetext") == "1", 20, "a second, it says")
        handle.press("Home")
        says("After 0.0 s. Process 1 is ready, with 2 processors. no jobs.")
        output.locator(".jupyter-widgets.widget-play, .widget-play").get_by_role("button").first.click()
        says("After 1.3 s.")
        notebook.restart()
        says("After 1.3 s.")
        notebook.save()
    other = jupyter.copy() / "other.ipynb"
    other.write_text(path.read_text().replace("import Journey", "import  Journey"))  # so nobody trusts it
    for kept, trusted in ((path, True), (other, False)):
        with Notebook(browser, jupyter, kept) as notebook:
            seen = notebook.cell(0).locator("img.luffy-map")
            wait_until(lambda seen=seen: seen.evaluate_all(WIDTHS) == [940], 30, "the picture is there")
            assert seen.get_attribute("alt").startswith("After 1.3 s. Process 1 was killed")
            assert bool(notebook.page.locator(".jp-CodeCell .jp-mod-trusted").count()) == trusted


def test_what_is_enlarged_scrolls_and_stays_where_it_was_scrolled_to(browser, lab, picture):
    path = lab.copy() / "own.ipynb"
    write_replay(path)
    with Notebook(browser, lab, path) as notebook:
        notebook.narrow(640, 500)  # of 1280 pixels, at 200 %
        notebook.run(0)
        seen = notebook.cell(0).locator("img.luffy-map")
        forth = notebook.cell(0).get_by_role("button", name="event ▶")
        forth.click()
        wait_until(lambda: seen.evaluate_all(WIDTHS) == [940], 20, "the picture is there")
        assert seen.bounding_box()["width"] == 640
        output = notebook.cell(0).locator(".jp-OutputArea-output", has=notebook.page.locator("img.luffy-map"))
        assert output.evaluate("output => output.scrollWidth - output.clientWidth") > 50
        output.evaluate("output => { output.scrollLeft = 1000 }")
        there = output.evaluate("output => output.scrollLeft")
        forth.click()
        wait_until(lambda: seen.get_attribute("alt").startswith("After 0.5 s."), 20, "the next event")
        assert output.evaluate("output => output.scrollLeft") == there > 50
        notebook.screenshot(picture("wound_back_enlarged"))
