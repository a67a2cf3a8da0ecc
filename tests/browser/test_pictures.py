"""Pictures are seen in JupyterLab and in Notebook 7: a lesson's diagram, and a run that is wound back."""

import nbformat
import pytest
from lab import Lab, Notebook, wait_until
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
TRUSTED = "from IPython.display import HTML\nHTML('<svg class=trusted></svg>')"

pytestmark = pytest.mark.browser

RUN = [
    Entry(0, "ready", process="process 1", number=2),
    Entry(0.5, "queued", "W(1)", number=2),
    Entry(1, "fetched", "W(1)", "process 1", "Processor 1"),
    Entry(1.001, "killed", process="process 1"),
]


@pytest.mark.parametrize("program", ["jupyterlab", "notebook"])
def test_a_diagram_is_seen(browser, program):
    with Lab(program=program) as lab, Notebook(browser, lab, lab.copy() / "07_retries.ipynb") as notebook:
        diagram = notebook.page.locator(".jp-MarkdownCell img")
        diagram.scroll_into_view_if_needed()
        assert diagram.get_attribute("alt").startswith("A job in flight")
        wait_until(lambda: diagram.evaluate_all(WIDTHS) == [940], 30, "it is drawn, at its size")


@pytest.mark.parametrize(("program", "theme"), [("jupyterlab", "JupyterLab Dark"), ("notebook", "JupyterLab Light")])
def test_a_run_is_wound_back_by_buttons_keys_and_a_player_and_is_there_without_its_kernel(
    browser, picture, program, theme
):
    with Lab(program, theme) as lab:
        path = lab.copy() / "own.ipynb"
        Journey(RUN, step=5).save(path.with_name("run.jsonl"))
        cell = new_code_cell("from luffy_lesson.classroom import Journey, replay\nreplay(Journey.load('run.jsonl'))")
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(new_notebook(cells=[cell, new_code_cell(TRUSTED)], metadata=kernel), path)
        with Notebook(browser, lab, path) as notebook:
            notebook.run_all()
            notebook.wait_done()
            output = notebook.cell(0)
            moving, seen = output.locator("img:not(.luffy-map)"), output.locator("img.luffy-map")
            wait_until(lambda: moving.evaluate_all(WIDTHS) == [940], 30, "what moves is there")

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
            notebook.screenshot(picture(f"wound_back_{program}"))
            handle = output.locator(".noUi-handle")
            handle.press("Home")
            says("After 0.0 s. Process 1 is ready, with 2 processors. no jobs.")
            output.locator(".jupyter-widgets.widget-play, .widget-play").get_by_role("button").first.click()
            says("After 1.3 s.")
            notebook.restart()
            says("After 1.3 s.")
            notebook.save()
        other = lab.copy() / "other.ipynb"
        other.write_text(path.read_text().replace("import HTML", "import HTML  # changed"))  # so nobody trusts it
        for kept, trusted in ((path, True), (other, False)):
            with Notebook(browser, lab, kept) as notebook:
                seen = notebook.cell(0).locator("img.luffy-map")
                wait_until(lambda seen=seen: seen.evaluate_all(WIDTHS) == [940], 30, "the picture is there")
                assert seen.get_attribute("alt").startswith("After 1.3 s. Process 1 was killed")
                assert notebook.cell(1).locator("svg.trusted").count() == trusted
