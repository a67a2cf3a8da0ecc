"""The diagrams in the notebooks are those of their source, and can be read anywhere."""

import itertools
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SOURCE = runpy.run_path(str(ROOT / "docs/make_diagrams.py"))
PATHS = sorted((NOTEBOOKS / "images").glob("[!.]*"))
SVG = "{http://www.w3.org/2000/svg}"


def linked():
    """The words that stand for each picture, by its name, in all notebooks."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        for words, name in re.findall(r"!\[([^\]]*)\]\(images/([^)]*)\)", text):
            yield name, words


def on_the_edge(point, box):
    (x, y), right, below = point, box.x + box.width, box.y + box.height
    on_a_side = x in (box.x, right) and box.y < y < below
    return on_a_side or (y in (box.y, below) and box.x < x < right)


def test_the_pictures_are_those_of_their_source(tmp_path):
    subprocess.run([sys.executable, "docs/make_diagrams.py", str(tmp_path)], cwd=ROOT, check=True, timeout=60)
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PATHS}
    assert kept == drawn, "`python docs/make_diagrams.py` draws them anew"


def test_each_picture_is_in_a_notebook_with_the_words_of_its_source():
    says = {path.name: ElementTree.parse(path).find(f"{SVG}desc").text for path in PATHS}
    assert sorted(linked()) == sorted(says.items())


@pytest.mark.parametrize("diagram", SOURCE["DIAGRAMS"].values(), ids=lambda diagram: diagram.title)
def test_a_way_leads_from_the_edge_of_one_box_to_that_of_another_and_turns_at_right_angles(diagram):
    boxes = [shape for shape in diagram.shapes if isinstance(shape, SOURCE["Box"])]
    assert diagram.ways
    for points in diagram.ways:
        ends = [[box for box in boxes if on_the_edge(point, box)] for point in (points[0], points[-1])]
        assert all(ends), points
        assert ends[0] != ends[1], points
        assert all((x == right) != (y == below) for (x, y), (right, below) in itertools.pairwise(points)), points


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_picture_has_a_title_and_an_opaque_ground_and_needs_nothing_else(path):
    picture = ElementTree.parse(path).getroot()
    title, says, ground, *others = picture
    assert (title.tag, bool(title.text), says.tag, bool(says.text)) == (f"{SVG}title", True, f"{SVG}desc", True)
    assert picture.get("aria-labelledby").split() == [title.get("id"), says.get("id")]
    assert (ground.tag, ground.get("fill-opacity")) == (f"{SVG}rect", None)
    width, height = (float(picture.get(side)) for side in ("width", "height"))
    assert (float(ground.get("width")), float(ground.get("height"))) == (width - 1, height - 1)  # and its rim
    assert re.fullmatch("#[def][0-9a-f]([def][0-9a-f]){2}", ground.get("fill"))
    # A page that shows it as an image loads nothing for it and runs nothing in it.
    assert {each.tag.removeprefix(SVG) for each in others} <= {"rect", "path", "text"}
    assert not re.search("href|url|style|on[a-z]+=", path.read_text(encoding="utf-8"))


PAGES = [path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_has_a_diagram_that_few_can_draw(path):
    assert "```mermaid" not in path.read_text(encoding="utf-8").lower()
