"""What engines lose: what a run is called, what the tables say, and two cells that are tried for real."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def faults():
    """The script, as a module: as whoever runs it, with its own folder on the path."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import faults
    finally:
        sys.path.remove(str(BENCHMARKS))
    return faults


def row(**changed: Any) -> dict[str, Any]:
    told = {
        "engine": "Slow",
        "settings": "defaults",
        "fault": "kill_all",
        "outcome": "again",
        "outcomes": ["again"] * 3,
    }
    return told | {"seconds": [1.0, 2.0, 30.4], "begun": [2, 2, 2], "watched": 60, "scaled": ""} | changed


@pytest.mark.parametrize(
    ("seen", "fault", "word", "seconds"),
    [
        ({"begins": [-1], "ends": [3]}, "stop", "done", None),
        ({"begins": [-1]}, "kill_all", "lost", None),
        ({"begins": [-1], "left": ["unacked"]}, "kill_all", "waits", None),
        ({"begins": [-1], "left": ["rq:failed"], "dead": 80.0}, "kill_all", "dead", 80.0),
        ({"begins": [-1, 4.5], "ends": [5]}, "kill_all", "again", 4.5),
        ({"begins": [-1, -0.01], "ends": [1]}, "kill_job", "again", 0.0),
        ({"begins": [-1, -0.01, 2.5], "ends": [3]}, "kill_all", "again", 2.5),
        ({"begins": [-9, 0.7], "ends": [-1, 1.2]}, "away_running", "twice", 0.7),
        ({"begins": [0, 28.5], "ends": [50, 78.5]}, "too_long", "twice", 28.5),
        ({"begins": [0, 59], "ends": [50], "left": ["celery"]}, "too_long", "twice", 59),
        ({"begins": [0, 0.5, 1], "left": ["unacked"]}, "exit", "endless", 0.5),
        ({"begins": [0, 1, 2, 3, 4, 5]}, "poison", "endless", 1),
        ({"begins": [0, 60, 120], "dead": 180.0, "left": ["dead"]}, "poison", "dead", 180.0),
        ({"begins": [-0.2], "ends": [0.3]}, "scheduled", "done", 0.0),
        ({"begins": [18.0], "ends": [18.5]}, "scheduled", "done", 18.0),
        ({"left": ["rq:scheduled"]}, "scheduled", "waits", None),
        ({"begins": [3.0], "ends": [3.5]}, "away_waiting", "done", 3.0),
        ({"begins": [-4.0, 0.6], "ends": [-3.5, 1.1]}, "away_waiting", "twice", 0.6),
    ],
)
def test_what_was_seen_has_a_word_and_a_time(faults, seen, fault, word, seconds):
    assert faults.outcome(faults.Record(**seen), fault) == (word, seconds)


def test_a_row_tells_the_worst_and_keeps_all(faults):
    records = [faults.Record(begins=[-1, at], ends=[at + 1]) for at in (12.34, 3.21)] + [faults.Record(begins=[-1])]
    found = faults.in_common(records, "kill_all")
    assert (found["outcome"], found["outcomes"]) == ("lost", ["again", "again", "lost"])
    assert found["seconds"] == [3.2, 12.3]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "again after 2.0 s (1.0 to 30)"),
        ({"seconds": [61.2, 61.4]}, "again after 61 s"),
        ({"outcome": "lost", "outcomes": ["lost"], "seconds": [], "begun": [1]}, "**lost**"),
        (
            {"outcome": "waits", "outcomes": ["again", "waits"], "seconds": [9.0]},
            "not again in 60 s (again 1, waits 1)",
        ),
        ({"outcome": "dead", "seconds": [1.0], "begun": [4]}, "kept as failed after 1.0 s, begun 4 times"),
        ({"scaled": "an hour → 20 s"}, r"again after 2.0 s (1.0 to 30) \*"),
    ],
)
def test_times_have_a_tenth_below_ten_seconds_and_a_range(faults, changed, text):
    assert faults.told(row(**changed)) == text


def test_the_table_has_a_line_for_each_engine_and_a_column_for_each_fault(faults):
    titles = {"kill_all": {"title": "Kill", "clock": "the kill"}, "exit": {"title": "Exit", "clock": "its begin"}}
    lines = faults.table({"rows": [row(), row(engine="Quick", fault="exit")], "faults": titles}).splitlines()
    assert lines[0] == "|  | Kill | Exit |"
    assert lines[2:] == [
        "| Slow, defaults | again after 2.0 s (1.0 to 30) |  |",
        "| Quick, defaults |  | again after 2.0 s (1.0 to 30) |",
    ]


def test_the_recorded_results_are_complete(faults):
    results = faults.load()
    there = {(one["engine"], one["settings"], one["fault"]) for one in results["rows"]}
    for engine in faults.ENGINES.values():
        for settings in engine.settings:
            assert there >= {(engine.name, settings, fault) for fault in faults.FAULTS if fault not in engine.not_there}
    for one in results["rows"]:
        assert len(one["outcomes"]) >= 3, one
        assert one["outcome"] in faults.OUTCOMES
        assert one["seconds"] == sorted(one["seconds"])
    assert results["unscaled"]
    assert (BENCHMARKS / "results" / "faults.png").stat().st_size <= 150_000
    assert faults.table(results) in (BENCHMARKS / "results" / "faults.md").read_text()


@pytest.mark.engines
@pytest.mark.timeout(240)
def test_huey_loses_what_is_killed_and_our_step_10_begins_it_again(faults, tmp_path):
    if not importlib.util.find_spec("huey"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("huey is not installed")
    command = [sys.executable, str(BENCHMARKS / "faults.py"), "--only", "huey", "luffy10", "--faults", "kill_all"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}  # by this, what it starts is known
    subprocess.run([*command, "--rounds", "1", "--results", tmp_path], env=environment, check=True, timeout=220)
    found = {
        (one["engine"], one["settings"]): one for one in json.loads((tmp_path / "faults.json").read_text())["rows"]
    }
    assert found["Huey", "defaults"]["outcome"] == found["Huey", "safest"]["outcome"] == "lost"
    assert found["luffy, step 10", "defaults"]["outcome"] == found["luffy, step 10", "safest"]["outcome"] == "again"
    assert found["luffy, step 10", "safest"]["seconds"] < found["luffy, step 10", "defaults"]["seconds"]
    assert not [one for one in psutil.process_iter(["environ"]) if str(tmp_path) in str(one.info["environ"])]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faults.json", "faults.md", "faults.png"]
