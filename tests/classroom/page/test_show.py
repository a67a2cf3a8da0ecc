"""Code is shown from the module, without docstrings, and says the same as the module."""

import ast
import inspect
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

import luffy_lesson
from luffy_lesson import step1_sync, step2_threaded, step3_memory_queue, step4_redis_queue, step9_queues
from luffy_lesson.classroom import adds, show, staircase, words
from luffy_lesson.classroom.page import display, source
from luffy_lesson.classroom.page.source import without_docstrings
from luffy_lesson.classroom.page.words import WORDS

PACKAGE = Path(luffy_lesson.__file__).parent
FOLDERS = sorted({path.parent for path in PACKAGE.rglob("*.py")})


@pytest.fixture
def displayed(monkeypatch):
    """What was displayed: code or Markdown, as text."""
    texts = []
    monkeypatch.setattr(display, "display", lambda data, raw: texts.append(same(data)))
    monkeypatch.setattr(display, "get_ipython", lambda: "there")
    return texts


def same(data):
    """The text of what is displayed, which all its formats say."""
    text = data["text/plain"]
    if "text/html" in data:
        assert re.fullmatch(
            r'<div class="highlight"><pre style="font-family:monospace;white-space:pre;overflow-x:auto">.*</pre></div>',
            data["text/html"].strip(),
            re.DOTALL,
        )
        assert unescape(re.sub("<[^>]*>", "", data["text/html"])).strip("\n") == text
    else:
        assert data["text/markdown"] == text
    return text


def code(text):
    """The Python code that was displayed, in which nothing else may be."""
    ast.parse(text)
    return text


class DropDocstrings(ast.NodeTransformer):
    """Takes docstrings out of a tree: the trusted reference."""

    def generic_visit(self, node):
        super().generic_visit(node)
        holds = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if holds and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Expr(ast.Constant(...))]
        return node


def meaning(source):
    return ast.dump(ast.parse(source))


def meaning_without_docstrings(source):
    return ast.dump(DropDocstrings().visit(ast.parse(source)))


def test_a_class_is_shown_without_its_docstrings(displayed):
    show(step2_threaded.Worker)
    assert code(displayed[0]) == (
        "class Worker(step1_sync.Worker):\n"
        "    @classmethod\n"
        "    def perform_async(cls, *args: Any) -> threading.Thread:\n"
        "        thread = threading.Thread(target=cls.perform_now, args=args)\n"
        "        thread.start()\n"
        "        return thread"
    )


def test_a_method_is_shown_from_the_left_edge(displayed):
    show(step3_memory_queue.Processor.run)
    assert code(displayed[0]).startswith("def run(self) -> None:\n    while not self.leaving():\n")


@pytest.mark.parametrize("file", [step1_sync, Path(step1_sync.__file__)], ids=["module", "path"])
def test_a_module_or_a_file_is_shown_whole(displayed, file):
    show(file)
    shown = code(displayed[0])
    assert '"""' not in shown
    assert meaning(shown) == meaning_without_docstrings(inspect.getsource(step1_sync))


def test_what_only_tools_read_is_not_shown(displayed):
    show(step9_queues.Listener.ask)
    assert 'send_command("BLMOVE", name, name, "RIGHT", "RIGHT", 0.5)\n' in code(displayed[0])
    assert "# To its own end" in displayed[0]


def test_several_things_are_shown_in_their_order(displayed):
    show(step1_sync.say, step3_memory_queue.Luffy)
    shown = code(displayed[0])
    assert shown.index("def say") < shown.index("\n\n\nclass Luffy")


def test_what_has_no_source_is_refused(displayed):
    with pytest.raises(TypeError):
        show(3)
    assert displayed == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PACKAGE)))
def test_without_docstrings_every_file_says_what_it_said(folder):
    sources = {path.name: path.read_text() for path in folder.glob("*.py")}
    shown = {name: meaning(without_docstrings(source)) for name, source in sources.items()}
    others = [name for name, source in sources.items() if shown[name] != meaning_without_docstrings(source)]
    assert others == []


@pytest.mark.parametrize(
    "source",
    [
        "class Refused(Exception): 'on one line'",
        "def nothing(): 'on one line'",
        "async def later():\n    '''Its docstring.'''\n    return 1",
        "class A:\n    '''Its docstring.'''\n\n    x = 1",
        "class A:\n    '''Its docstring.'''\n    # a comment\n    x = 1",
        "class A:\n    '''Its docstring,\n\n    on many lines.'''\n\n\ndef f():\n    '''Another.'''",
        "def f(a='''no\n\ndocstring'''):\n    x = '''none either'''\n    return x",
    ],
)
def test_without_docstrings_any_code_says_what_it_said(source):
    assert meaning(without_docstrings(source)) == meaning_without_docstrings(source)


def test_comments_stay(displayed):
    show(step1_sync.say)
    assert "# One write" in displayed[0]


def test_adds_names_what_each_step_adds(displayed):
    for step in (step2_threaded, step3_memory_queue, step4_redis_queue):
        adds(step)
    two, three, four = (text.splitlines() for text in displayed)
    assert two == ["**Step 2** adds to step 1:", "", "- `Worker` gets `perform_async`"]
    assert three[0] == "**Step 3** adds to step 2:"
    assert "- `Worker` gets `perform_queue`" in three
    assert "- `Luffy` with `backend`" in three
    assert "- `Backend` with `put`, `get`, `task_done`, `qsize`, `join`" in three
    assert "- `Pool` with `start`, `quiet`, `stop`" in three
    assert four[0] == "**Step 4** adds to step 3:"
    assert "- `Message` with `payload`, `encode`, `decode`, `perform`" in four
    assert "- `RedisBackend` with `key`, `message`, `put`, `push`, `get`, `take`, `task_done`, `qsize`, `join`" in four
    assert "- `Processor` changes `run`" in four
    for unchanged in ("say", "Pool", "Backend", "Luffy"):
        assert f"`{unchanged}`" not in displayed[2]


def test_words_shows_all_or_some_with_their_meaning(displayed):
    words()
    words("queue", "job")
    everything, two = displayed
    assert everything.count("\n") + 1 == len(WORDS)
    assert two == f"- **queue**: {WORDS['queue']}\n- **job**: {WORDS['job']}"


def test_words_refuses_an_unknown_word(displayed):
    with pytest.raises(KeyError, match="pirate"):
        words("job", "pirate")
    assert displayed == []


def test_the_staircase_tells_of_every_step_what_it_adds_and_in_how_many_lines():
    text = staircase().alt.splitlines()
    files = {path.stem for path in PACKAGE.glob("step*_*")}
    assert [line.partition(":")[0] for line in text] == sorted(files, key=lambda name: int(re.findall(r"\d+", name)[0]))
    assert text[0] == f"step1_sync: {source.lines_of_code(step1_sync)} lines, Worker, say"
    assert text[1] == f"step2_threaded: {source.lines_of_code(step2_threaded)} lines, Worker.perform_async"
    assert {"Message", "Worker.registry"} <= set(text[3].split(", "))
    assert "Processor" not in text[3]


def test_the_staircase_is_a_picture_that_shows_the_same():
    picture = staircase()
    data = picture._repr_mimebundle_()
    assert data["text/plain"] == picture.alt
    assert data["image/png"].startswith(b"\x89PNG")
    shown = " ".join(text.get_text() for axes in picture.axes for text in axes.texts)
    for line in picture.alt.splitlines():
        name, lines, names = re.fullmatch(r"(\w+): (\d+) lines, (.*)", line).groups()
        assert f"{name}  +{lines} lines" in shown
        assert names in shown


SHOWN = """if True:
    from luffy_lesson import step2_threaded
    from luffy_lesson.classroom import adds, check, engines, faults, predict, show, words
    show(step2_threaded.Worker)
    adds(step2_threaded)
    words("job")
    check.timed.solution()
    engines()
    faults()
    predict("1 s", "2 s")
"""


def test_outside_a_notebook_the_same_is_printed_as_text(environment, tmp_path):
    """In a script, and at IPython's prompt."""
    for program in ([], ["-m", "IPython", "--no-banner", "--quick", "--colors=nocolor"]):
        done = subprocess.run(
            [sys.executable, *program, "-c", SHOWN], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        assert done.stdout.startswith("class Worker(step1_sync.Worker):\n    @classmethod\n")
        assert "**Step 2** adds to step 1:\n\n- `Worker` gets `perform_async`\n- **job**: one call" in done.stdout
        assert "\n        finally:  # whether it returned or raised\n" in done.stdout
        assert "\n<Bars: Jobs that do nothing, a second: " in done.stdout
        assert "\n| " in done.stdout
        assert not re.search(r"text/|image/|Figure|[{}]|<\w+>|run the cell", done.stdout, re.IGNORECASE)
    assert done.stdout.endswith("I say:  ○ 1 s  ○ 2 s\n")  # at the prompt: nobody can choose in a script
