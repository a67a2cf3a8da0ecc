"""Code and texts say heartbeat, in flight, dead set, as all job systems do, and have no words of their own."""

import io
import itertools
import json
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATHS = [ROOT / "docs/make_diagrams.py", *ROOT.glob("*.md"), *ROOT.glob("tests/**/*.md")]
PATHS += [path for folder in ("luffy_lesson", "notebooks", "benchmarks") for path in (ROOT / folder).rglob("*")]
PATHS = sorted(path for path in PATHS if path.suffix in {".py", ".ipynb", ".md", ".lua", ".rb", ".svg"})
FOLDERS = sorted({path.parent for path in PATHS})

OWN_NAME = re.compile(r"(?:^|_)(?i:(?:hand|heart|grave|fate)s?)(?=_|$)|(?:Hand|Heart|Grave|Fate)s?(?=[A-Z_]|$)")
OWN_WORD = re.compile(r"(?i)\b(?:heart|grave|fate)s?\b")
ON_THE_WIRE = ":hearts"  # the key of the heartbeats: programs of earlier versions know it by this name


def named(path):
    return str(path.relative_to(ROOT))


def codes(path):
    """The pieces of Python in a file."""
    if path.suffix == ".py":
        yield path.read_text(encoding="utf-8")
    elif path.suffix == ".ipynb":
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])


def own_names(code):
    """The identifiers in Python that have one of our own words in them."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME and OWN_NAME.search(token.string)}


def own_words(text):
    return OWN_WORD.findall(text.replace(ON_THE_WIRE, ""))


def test_all_kinds_of_files_are_looked_at():
    assert {path.suffix for path in PATHS} >= {".py", ".ipynb", ".md", ".svg"}


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_the_files_of_a_folder_have_the_words_of_the_field(folder):
    own = {}
    for path in (path for path in PATHS if path.parent == folder):
        names = itertools.chain.from_iterable(map(own_names, codes(path)))
        own[path.name] = [*names, *own_words(path.read_text(encoding="utf-8"))]
    assert {name: words for name, words in own.items() if words} == {}


@pytest.mark.parametrize(
    "name", ["hand", "in_hand", "HANDS", "Hand", "LeftHand", "_heart", "all_hearts", "grave", "fates"]
)
def test_an_own_name_is_found(name):
    assert own_names(f"{name} = 'no hand'  # nor here") == {name}


@pytest.mark.parametrize(
    "name", ["handle", "handler", "_handle", "RequestHandler", "heartbeats", "graveyard", "shorthand"]
)
def test_other_names_are_not(name):
    assert own_names(f"{name} = 1") == set()


def test_own_words_are_found_and_the_key_on_the_wire_is_none():
    assert own_words("Its Heart; two hearts, a grave, and its fate.") == ["Heart", "hearts", "grave", "fate"]
    assert own_words("A heartbeat, in hand: `luffy:queue:hearts`, at hand.") == []
