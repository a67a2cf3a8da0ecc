"""A lesson's diagram is seen in JupyterLab and in Notebook 7."""

import pytest
from lab import Lab, Notebook, wait_until

WIDTHS = "pictures => pictures.map(picture => picture.complete && picture.naturalWidth)"

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("program", ["jupyterlab", "notebook"])
def test_a_diagram_is_seen(browser, program):
    with Lab(program=program) as lab, Notebook(browser, lab, lab.copy() / "07_retries.ipynb") as notebook:
        diagram = notebook.page.locator(".jp-MarkdownCell img")
        diagram.scroll_into_view_if_needed()
        assert diagram.get_attribute("alt").startswith("A job in flight")
        wait_until(lambda: diagram.evaluate_all(WIDTHS) == [940], 30, "it is drawn, at its size")
