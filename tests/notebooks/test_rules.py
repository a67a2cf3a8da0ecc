"""The rules that every notebook keeps, and that validation can be trusted.

A rule is a function from a notebook to its complaints. Each is tried on a small notebook that breaks it, too.
"""

import ast
import base64
import copy
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import find_comment_markers, get_sanitize_patterns, metadata_tags
from PIL import Image

from luffy_lesson.launcher.store import STRIP, strip

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
SANITIZE = ROOT / "luffy_lesson/launcher/sanitize.cfg"

SHAPE = [
    "## Where we are",
    "## Feel the problem",
    "## Predict",
    "## The idea",
    "## Run it and watch",
    "## Break it",
    "## Your turn",
    "## What you have now",
]
SENTENCES = [  # what is printed and must never be overlooked, not a letter of it
    "This task loading 5 seconds",
    "visits 20, served 5, refused 15, most served at once 5",
    "different processors: 4",
    "[1, 2, 3]",
    "Processor 3 is idle",
    "5 s",
]
COMPUTING = r"(one thread|five threads|one process|two processes): (\d+\.\d) s"
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\ufe0f\u200d]")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook):
    """The texts of all stored outputs."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield output.get("text", "")
            for kind, data in output.get("data", {}).items():
                if not kind.startswith("image/"):
                    yield data if isinstance(data, str) else json.dumps(data)


def markdown(notebook):
    """All Markdown, without the code in it."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


# the rules


def executed_in_order(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"executed as {counts}"]


def no_errors(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return [str(output) for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


def no_widget_of_a_run(notebook):
    """Who opens the notebook has no such widget, and would read "Error displaying widget"."""
    data = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    return [kind for kinds in data for kind in kinds if "widget" in kind]


def nothing_private(notebook):
    private = (
        r"(?<![\w.])/(?:home|root|tmp|work|var|Users|private)\b",
        re.escape(str(ROOT)),
        r"(?:127\.0\.0\.1|localhost):\d",
        r"\b[0-9a-f]{32}\b",
        r"redis://[^/\s]*@",
    )
    return [found[0] for text in printed(notebook) for what in private for found in re.finditer(what, text)]


def nothing_overlooked_without_reason(notebook):
    complaints = []
    for cell in code_cells(notebook):
        marks = [tag for tag in cell.metadata.get("tags", []) if tag in metadata_tags]
        marks += [mark for mark, _ in find_comment_markers(cell.source)]
        if marks and not str(cell.metadata.get("reason", "")).strip():
            complaints.append(f"{cell.id}: {marks} without a reason")
    return complaints


def ids_are_stored_and_unique(notebook):
    ids = [cell.get("id") for cell in notebook.cells]
    stored = (notebook.nbformat, notebook.nbformat_minor) >= (4, 5) and all(ids)
    return [] if stored and len(set(ids)) == len(ids) else [f"ids: {ids}"]


def metadata_is_plain(notebook):
    return sorted(set(notebook.metadata) - {"kernelspec", "language_info"})


def begins_fresh(notebook):
    first = code_cells(notebook)[0].source
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(first))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lesson.fresh":
            return []
    return [f"the first cell does not call lesson.fresh: {first!r}"]


def has_one_title_at_the_top(notebook):
    titles = re.findall(r"^# .*", markdown(notebook), re.MULTILINE)
    return [] if len(titles) == 1 and notebook.cells[0].source.startswith("# ") else [f"titles: {titles}"]


def links_lead_somewhere(notebook):
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:href|src)=[\"']([^\"']+)", markdown(notebook))
    files = [unquote(one or other).partition("#")[0] for one, other in targets]
    return [file for file in files if not re.match(r"[a-z]+:", file) and not (FOLDER / file).exists()]


def pictures_show_everywhere(notebook):
    """Mermaid is drawn in few places, and an attachment or SVG in the text is not drawn in JupyterLab."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)
    complaints = [target for words, target in pictures if not words.strip() or not re.match(r"images/[\w.]+$", target)]
    return complaints + re.findall(r"(?i)```\W*mermaid|<img|<svg", text)


def one_picture_moves_and_is_small(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    pngs = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    sizes = [len(png) for png in pngs if b"acTL" in base64.b64decode(png)]  # the chunk that makes it move
    return [size for size in sizes if size > 150_000] or sizes[1:]


def what_was_measured_says_what_the_text_says(notebook):
    """How long these took is overlooked when outputs are compared: another machine is another. What is read is not."""
    times = {name: float(seconds) for text in printed(notebook) for name, seconds in re.findall(COMPUTING, text)}
    bounds = {("one process", "two processes"): (0, 0.75), ("one thread", "five threads"): (0.75, 1.5)}
    ratios = {names: times[names[1]] / times[names[0]] for names in bounds if names[0] in times}
    return [f"{names}: {times}" for names, ratio in ratios.items() if not bounds[names][0] < ratio < bounds[names][1]]


def waits_are_bounded(notebook):
    """A `join` that is told no time ends after a minute, and says what it has waited for. Others do not."""
    found = []
    for cell in code_cells(notebook):
        nodes = [*ast.walk(ast.parse(TransformerManager().transform_cell(cell.source)))]
        calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        not_heard = [node.value for node in nodes if isinstance(node, ast.Expr)]
        for call in calls:
            name, told = call.func.attr, len(call.args) + len(call.keywords)
            silent = name == "join" and told and not isinstance(call.func.value, ast.Constant)
            endless = name in {"wait", "result", "acquire"} and not told
            takes = name in {"blpop", "brpop", "blmove", "brpoplpush"} and (told < 2 or call in not_heard)
            if silent or endless or takes:
                found.append(f"{cell.id}: {ast.unparse(call)}")
    return found


def words_are_plain(notebook):
    text = markdown(notebook)
    return re.findall(r"(?i)\b(?:simply|just|powerful|easy|easily)\b", text) + EMOJI.findall(re.sub("[✓✗]", "", text))


def shape(notebook):
    found = [line for line in re.findall(r"^## .*", markdown(notebook), re.MULTILINE) if line in SHAPE]
    return [] if found == SHAPE else [f"headings: {found}"]


RULES = [
    executed_in_order,
    no_errors,
    no_widget_of_a_run,
    nothing_private,
    nothing_overlooked_without_reason,
    ids_are_stored_and_unique,
    metadata_is_plain,
    begins_fresh,
    has_one_title_at_the_top,
    links_lead_somewhere,
    pictures_show_everywhere,
    one_picture_moves_and_is_small,
    waits_are_bounded,
    what_was_measured_says_what_the_text_says,
    words_are_plain,
]


def load(path):
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))  # as it is: nothing is added and nothing mended


def named(thing):
    return getattr(thing, "stem", None) or getattr(thing, "__name__", None)


# the notebooks


def test_the_notebooks_are_there():
    assert {"00_start_here", "01_sync", "02_threaded", "03_memory_queue", "04_redis_queue"} <= set(map(named, PATHS))


@pytest.mark.parametrize("rule", RULES, ids=named)
@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_notebook_keeps_the_rule(path, rule):
    assert rule(load(path)) == []


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem != "00_start_here"], ids=named)
def test_a_lesson_has_the_shape_of_a_lesson(path):
    assert shape(load(path)) == []


@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_notebook_says_where_it_is(path):
    (line,) = [line for line in load(path).cells[0].source.splitlines() if line.startswith(STRIP)]
    assert line == strip(path), "`python3 -m luffy_lesson store` writes it anew"
    assert line.count("](") == len(PATHS) - 1


@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_notebook_is_valid(path):
    nbformat.validate(load(path))


@pytest.mark.parametrize("name", ["map_light", "map_dark"])
def test_a_picture_in_the_readme_shows_a_notebook_as_it_is(name):
    notebook = load(FOLDER / "03_memory_queue.ipynb")
    with Image.open(ROOT / f"docs/images/{name}.png") as image:
        shown = image.text["text"]
    assert shown in "\n\n".join(cell.source for cell in notebook.cells), "`docs/make_images.py` makes it anew"


# the rules bite


@pytest.fixture
def good():
    """A notebook that keeps all rules."""
    fresh = new_code_cell(
        "%matplotlib inline\nfrom luffy_lesson.classroom import lesson\nlesson.fresh(1)",
        execution_count=1,
        outputs=[new_output("stream", text="Lesson 1: nothing runs, nothing waits.\n")],
    )
    link = "✓ See [the docs](https://docs.python.org) and `simply`.\n\n```bash\n# just a comment\n```"
    link += "\n\n![A job in a queue.](images/03_memory_queue.svg)"
    text = new_markdown_cell("# 1 · A title\n\n" + "\n\n".join(SHAPE) + "\n\n" + link)
    more = new_code_cell("6 * 7", execution_count=2, outputs=[new_output("execute_result", {"text/plain": "42"})])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    return new_notebook(cells=[text, fresh, more], metadata=kernel)


def set_outputs(*outputs):
    return lambda notebook: notebook.cells[2].update(outputs=list(outputs))


def set_source(number, source):
    return lambda notebook: notebook.cells[number].update(source=source)


def add_text(text):
    return lambda notebook: notebook.cells[0].update(source=notebook.cells[0].source + text)


def prints(text):
    return set_outputs(new_output("stream", text=text))


MOVES = base64.b64encode(b" acTL ").decode()

BREAK = [
    (executed_in_order, lambda notebook: notebook.cells[2].update(execution_count=None)),
    (executed_in_order, lambda notebook: notebook.cells[2].update(execution_count=3)),
    (executed_in_order, lambda notebook: notebook.cells[1].update(execution_count=2)),
    (no_errors, set_outputs(new_output("error", ename="TypeError", evalue="", traceback=[]))),
    (no_errors, set_outputs(new_output("stream", name="stderr", text="a warning"))),
    (no_widget_of_a_run, set_outputs(new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}))),
    (nothing_private, prints("in /home/someone/x.py")),
    (nothing_private, prints("/tmp/x")),
    (nothing_private, prints(f"File {ROOT}/notebooks")),
    (nothing_private, prints("<RedisBackend 127.0.0.1:6379/4>")),
    (nothing_private, prints("0123456789abcdef" * 2)),
    (nothing_private, prints("redis://:secret@somewhere")),
    (nothing_private, set_outputs(new_output("display_data", {"text/html": "<a href='/home/x'>"}))),
    (nothing_private, set_outputs(new_output("display_data", {"application/json": {"at": "localhost:1"}}))),
    (nothing_overlooked_without_reason, lambda notebook: notebook.cells[2].metadata.update(tags=["nbval-skip"])),
    (nothing_overlooked_without_reason, lambda notebook: notebook.cells[2].metadata.update(tags=["raises-exception"])),
    (nothing_overlooked_without_reason, set_source(2, "# NBVAL_IGNORE_OUTPUT\n6 * 7")),
    (ids_are_stored_and_unique, lambda notebook: notebook.cells[2].update(id=notebook.cells[1].id)),
    (ids_are_stored_and_unique, lambda notebook: notebook.cells[2].pop("id")),
    (ids_are_stored_and_unique, lambda notebook: notebook.update(nbformat_minor=4)),
    (metadata_is_plain, lambda notebook: notebook.metadata.update(widgets={})),
    (begins_fresh, set_source(1, "lesson.fresh  # (1)")),
    (begins_fresh, set_source(1, "import time")),
    (has_one_title_at_the_top, add_text("\n\n# Another")),
    (has_one_title_at_the_top, set_source(0, "A word first\n\n# 1 · A title")),
    (links_lead_somewhere, add_text("\n\n[next](05_nowhere.ipynb)")),
    (links_lead_somewhere, add_text('\n\n<img src="nowhere.png">')),
    (links_lead_somewhere, add_text("\n\n![A picture.](images/nowhere.svg)")),
    (pictures_show_everywhere, add_text("\n\n```mermaid\nflowchart\n```")),
    (pictures_show_everywhere, add_text("\n\n![ ](images/03_memory_queue.svg)")),
    (pictures_show_everywhere, add_text("\n\n![A picture.](attachment:picture.svg)")),
    (pictures_show_everywhere, add_text("\n\n![A picture.](https://example.org/picture.svg)")),
    (pictures_show_everywhere, add_text("\n\n<svg></svg>")),
    (pictures_show_everywhere, add_text('\n\n<img alt="" src="images/03_memory_queue.svg">')),
    (one_picture_moves_and_is_small, set_outputs(*[new_output("display_data", {"image/png": MOVES})] * 2)),
    (one_picture_moves_and_is_small, set_outputs(new_output("display_data", {"image/png": MOVES * 20_000}))),
    (what_was_measured_says_what_the_text_says, prints("one process: 0.8 s\ntwo processes: 0.7 s")),
    (what_was_measured_says_what_the_text_says, prints("one thread: 0.6 s\nfive threads: 0.4 s")),
    (what_was_measured_says_what_the_text_says, prints("one thread: 0.4 s\nfive threads: 0.7 s")),
    (waits_are_bounded, set_source(2, "for thread in threads:\n    thread.join(30)")),
    (waits_are_bounded, set_source(2, "thread.join(timeout=30)")),
    (waits_are_bounded, set_source(2, "everybody.wait()")),
    (waits_are_bounded, set_source(2, "print(future.result())")),
    (waits_are_bounded, set_source(2, "places.acquire()")),
    (waits_are_bounded, set_source(2, "begun = connection.blpop('key')")),
    (waits_are_bounded, set_source(2, "connection.blpop('key', 10)")),
    (words_are_plain, add_text(" Simply run it.")),
    (words_are_plain, add_text(" It is easily done.")),
    (words_are_plain, add_text(" \N{ROCKET}")),
    (words_are_plain, add_text(" \N{WARNING SIGN}")),
    (shape, set_source(0, "# 1 · A title\n\n" + "\n\n".join(SHAPE[:-1]))),
    (shape, set_source(0, "# 1 · A title\n\n" + "\n\n".join(SHAPE[::-1]))),
    (shape, add_text(f"\n\n{SHAPE[0]}")),
]


@pytest.mark.parametrize("rule", [*RULES, shape], ids=named)
def test_a_rule_has_no_complaint_about_a_good_notebook(good, rule):
    assert rule(good) == []


@pytest.mark.parametrize(("rule", "broken"), BREAK, ids=named)
def test_a_rule_bites(good, rule, broken):
    notebook = copy.deepcopy(good)
    broken(notebook)
    assert rule(notebook) != []


def test_every_rule_is_seen_to_bite():
    assert {rule for rule, _ in BREAK} == {*RULES, shape}


def test_what_is_overlooked_for_a_reason_is_fine(good):
    good.cells[2].metadata.update(tags=["nbval-skip"], reason="It prints today's date.")
    assert nothing_overlooked_without_reason(good) == []
    good.cells[2].metadata.update(reason=" ")
    assert nothing_overlooked_without_reason(good) != []


def test_a_wait_with_a_bound_that_is_heard_is_fine(good):
    lines = "thread.join()", "', '.join(names)", "everybody.wait(timeout=10)", "assert connection.blpop('key', 10)"
    set_source(2, "\n".join(lines))(good)
    assert waits_are_bounded(good) == []


def test_a_picture_is_not_searched_for_secrets(good):
    set_outputs(new_output("display_data", {"image/png": "0123456789abcdef" * 2}))(good)
    assert nothing_private(good) == []


# validation


def sanitized(text, patterns):
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text)
    return text


def not_noticed(text, patterns):
    """The words of `text` that could be others, and no comparison would notice."""
    before = sanitized(text, patterns)
    words = re.finditer(r"\b[A-Za-z_]{2,}\b", text)
    return [
        word[0] for word in words if sanitized(f"{text[: word.start()]}xyzzy{text[word.end() :]}", patterns) == before
    ]


def too_wide(rule, lines):
    """What `rule` makes equal to something that differs in words, or changes though it must be compared."""
    changed = [sentence for sentence in SENTENCES if sanitized(sentence, [rule]) != sentence]
    return changed + [line for line in lines if re.search(rule[0], line) and not_noticed(line, [rule])]


def rules_of_sanitize():
    return list(dict(get_sanitize_patterns(SANITIZE.read_text())).items())


def stored_lines():
    return sorted({line for path in PATHS for text in printed(load(path)) for line in text.splitlines()})


def test_the_sanitize_file_is_read_as_it_is_meant():
    text = SANITIZE.read_bytes()
    assert text.isascii()
    assert len(re.findall(rb"^regex:", text, re.MULTILINE)) == len(rules_of_sanitize()) > 0


@pytest.mark.parametrize(("pattern", "replacement"), rules_of_sanitize())
def test_a_sanitize_rule_is_needed(pattern, replacement):
    # A port is replaced when a notebook is stored, already.
    assert any(re.search(pattern, f"{line}\n") or replacement in line for line in stored_lines())


@pytest.mark.parametrize("rule", rules_of_sanitize())
def test_a_sanitize_rule_overlooks_no_word(rule):
    assert too_wide(rule, stored_lines()) == []


@pytest.mark.parametrize(
    "rule",
    [(".*", ""), (r"\w+ seconds", "N seconds"), (r"\[.*\]", "[]"), (r"\[Processor.*", ""), (r"\d+", "N"), ("> .*", "")],
)
def test_a_sanitize_rule_that_is_too_wide_is_seen(rule):
    assert too_wide(rule, ["[Processor 3] ready", "<object at 0x7f3a> a name"]) != []


def test_a_sanitize_rule_that_is_narrow_enough_is_let_through():
    for rule in [(r"\[Processor \d+\]", "[Processor N]"), ("0x[0-9a-f]+", "0xADDRESS")]:
        assert too_wide(rule, ["[Processor 3] ready", "<object at 0x7f3abcdef012> a name"]) == []


def test_pytest_compares_all_outputs_of_all_notebooks():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert {"tests", "notebooks"} <= set(options["testpaths"])
    assert {"--nbval", "--nbval-current-env", "--nbval-sanitize-with=luffy_lesson/launcher/sanitize.cfg"} <= set(
        options["addopts"]
    )
    assert "--nbval-lax" not in options["addopts"]
