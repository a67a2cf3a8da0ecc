"""The map moves in a real browser: tokens are where their jobs are, a thousand are counted, and it stays."""

import re

import pytest
from lab import Notebook, wait_until
from test_notebooks import write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SET_UP = """
import queue, threading
from luffy_lesson.classroom import lesson, watch
from luffy_lesson.step3_memory_queue import Luffy, Processor, Worker

class Gated(Worker):
    def perform(self, number):
        assert go.wait(60)

lesson.fresh(3)
go = threading.Event()
Luffy.backend = queue.Queue()
"""
PUT = """
map = watch(on_map=True)
for number in range(3):
    Gated.perform_queue(number)
"""

# Where everything is: each token, by its colour, and each box that bears a name.
LOOK = """
svg => {
    const place = part => ['x', 'y', 'width', 'height'].map(name => Number(part.getAttribute(name)));
    const boxes = [...svg.querySelectorAll('rect')];
    return {
        label: svg.getAttribute('aria-label'),
        tokens: boxes.filter(box => box.getAttribute('width') === '22').slice(0, -1).map(
            box => [box.getAttribute('fill'), ...place(box).slice(0, 2)]),
        named: Object.fromEntries([...svg.querySelectorAll('text')].map(text => {
            const [x, y] = ['x', 'y'].map(name => Number(text.getAttribute(name)));
            const around = boxes.filter(box => {
                const [left, top, width, height] = place(box);
                return left <= x && x <= left + width && top <= y && y <= top + height;
            });
            return [text.textContent, around.length ? place(around.at(-1)) : null];
        })),
    };
}
"""

# Every place that a token in hand has had, from now on.
FOLLOW = """
() => {
    window.luffyPlaces = [];
    new MutationObserver(() => document.querySelectorAll('.luffy-map rect[fill="#0072b2"]').forEach(token => {
        const at = ['x', 'y'].map(name => Number(token.getAttribute(name)));
        if (JSON.stringify(at) !== JSON.stringify(window.luffyPlaces.at(-1))) window.luffyPlaces.push(at);
    })).observe(document.body, {subtree: true, childList: true});
}
"""
WAITING, IN_HAND = "#e9b44c", "#0072b2"
WIDTH = "pictures => pictures.map(picture => picture.complete && picture.naturalWidth)"


def seen(notebook, cell):
    """The map of a cell as it is now."""
    return notebook.cell(cell).locator(".luffy-map svg").evaluate(LOOK)


def says(notebook, cell, *texts):
    map = notebook.cell(cell).locator(".luffy-map svg")
    return map.count() and all(text in map.get_attribute("aria-label") for text in texts)


def legend(look):
    """The tokens that are no jobs: in a row below the places."""
    return max(y for _, _, y in look["tokens"])


def of(look, colour):
    return [(x, y) for fill, x, y in look["tokens"] if fill == colour and y < legend(look)]


def arrived(look, number):
    """The map, when of so many that wait each is in the queue: drawn there, or counted."""
    more = sum(int(text[2:]) for text in look["named"] if re.fullmatch(r"\+ \d+", text))
    return look if len(of(look, WAITING)) + more == number else None


def inside(token, box):
    x, y = token
    left, top, width, height = box
    return left <= x and x + 22 <= left + width and top <= y and y + 16 <= top + height


def test_a_token_is_where_its_job_is_and_goes_its_way_and_two_maps_show_the_same(browser, lab, picture):
    cells = [SET_UP, PUT, "other = watch(on_map=True)", "Processor.start(1)", "go.set()", "map.close(); other.close()"]
    with Notebook(browser, lab, write(lab.copy(), cells)) as notebook:
        for number in range(3):
            notebook.run(number)
        for cell in (1, 2):
            wait_until(lambda cell=cell: says(notebook, cell, "waiting 3"), 20, "three wait")
        look = seen(notebook, 1)
        waiting = of(look, WAITING)
        assert len(waiting) == 3
        assert all(inside(token, look["named"]["queue"]) for token in waiting)
        notebook.page.evaluate(FOLLOW)
        notebook.run(3)
        wait_until(lambda: says(notebook, 1, "waiting 2", "in hand 1"), 20, "one is in hand")
        wait_until(
            lambda: inside(*[(of(look := seen(notebook, 1), IN_HAND)[0]), look["named"]["Processor 0"]]), 20, "there"
        )
        assert len(of(seen(notebook, 1), WAITING)) == 2
        places = notebook.page.evaluate("window.luffyPlaces")
        first, last = max(waiting), of(seen(notebook, 1), IN_HAND)[0]
        assert any(first[0] < x < last[0] for x, _ in places), (
            f"it was seen on its way from {first} to {last}: {places}"
        )
        notebook.screenshot(picture("map"), 1)
        notebook.run(4)
        for cell in (1, 2):
            wait_until(lambda cell=cell: says(notebook, cell, "waiting 0", "done"), 20, "all is done")
        notebook.run(5)
        for cell in (1, 2):
            still = notebook.cell(cell).locator("img.luffy-map")
            wait_until(lambda still=still: still.evaluate_all(WIDTH) == [940], 20, "the picture is there")
            assert still.get_attribute("alt").endswith("done 3.")


def test_a_map_of_a_thousand_jobs_counts_and_after_a_restart_it_says_that_there_is_no_news(browser, lab, picture):
    many = "map = watch(on_map=True)\nfor number in range(1000):\n    Gated.perform_queue(number)\nProcessor.start(5)"
    with Notebook(browser, lab, write(lab.copy(), [SET_UP, many])) as notebook:
        notebook.run(0)
        notebook.run(1)
        wait_until(lambda: says(notebook, 1, "waiting 995", "in hand 5"), 20, "five are in hand")
        look = wait_until(lambda: arrived(seen(notebook, 1), 995), 20, "each is drawn or counted")
        assert len(look["tokens"]) < 150
        notebook.screenshot(picture("map_of_a_thousand"), 1)
        notebook.restart()
        news = notebook.cell(1).get_by_text("No news from the kernel")
        wait_until(news.is_visible, 20, "it says so")
        notebook.run(0)
        notebook.run(1)
        wait_until(lambda: says(notebook, 1, "waiting 995", "in hand 5"), 20, "the new kernel has a map")


def test_a_saved_map_can_be_read_where_nobody_trusts_it(browser, lab, picture):
    run = "with watch(on_map=True):\n    Gated.perform_queue(1)\n    Processor.start(2)\n    Luffy.backend.join()"
    path = write(lab.copy(), [f"{SET_UP}go.set()", run])
    with Notebook(browser, lab, path) as notebook:
        notebook.run_all()
        notebook.wait_done()
        notebook.save()
    other = lab.copy() / "other.ipynb"
    other.write_text(path.read_text().replace("lesson.fresh(3)", "lesson.fresh(3)  # changed: nobody trusts it"))
    with Notebook(browser, lab, other) as notebook, notebook.theme("JupyterLab Dark"):
        still = notebook.cell(1).locator("img.luffy-map")
        wait_until(lambda: still.evaluate_all(WIDTH) == [940], 20, "the picture is there")
        assert "waiting 0" in still.get_attribute("alt")
        notebook.screenshot(picture("map_not_trusted"))


def test_what_is_enlarged_scrolls_and_stays_where_it_was_scrolled_to(browser, lab, picture):
    with Notebook(browser, lab, write(lab.copy(), [SET_UP, PUT])) as notebook:
        notebook.narrow(640, 500)  # of 1280 pixels, at 200 %
        notebook.run(0)
        notebook.run(1)
        wait_until(lambda: says(notebook, 1, "waiting 3"), 20, "three wait")
        output = notebook.cell(1).locator(".jp-OutputArea-output", has=notebook.page.locator(".luffy-map"))
        assert output.evaluate("output => output.scrollWidth - output.clientWidth") > 50
        output.evaluate("output => { output.scrollLeft = 1000 }")
        there = output.evaluate("output => output.scrollLeft")
        label = notebook.cell(1).locator(".luffy-map svg").get_attribute("aria-label")
        wait_until(lambda: not says(notebook, 1, label), 20, "it is drawn again")
        assert output.evaluate("output => output.scrollLeft") == there > 50
        notebook.screenshot(picture("map_enlarged"))
