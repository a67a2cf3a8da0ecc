"""The chart of engines, and its button. A small script stands in for the benchmark, which takes minutes."""

import importlib
import json

import pytest

from luffy_lesson.classroom.experiments.benchmark import Measurement, chart

engines = importlib.import_module("luffy_lesson.classroom.experiments.benchmark")  # the name is that of a function, too
RESULTS = {
    "guarantees": {"slow": "at least once", "luffy": "at least once", "absent": "?"},
    "rounds": [
        {"slow": {"drain": 10.0}, "luffy": {"drain": 1000.0}},
        {"slow": {"drain": 30.0}, "luffy": {"drain": 3000.0}},
        {"luffy": {"drain": 2000.0}},
    ],
}
STAND_IN = f"""
import json, pathlib, sys
print("round 1: something", flush=True)
folder = pathlib.Path(sys.argv[-1].removeprefix("--results="))
(folder / "engines.json").write_text({json.dumps(json.dumps(RESULTS))})
"""


@pytest.fixture
def measurement(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "BENCHMARKS", tmp_path)
    measurement = Measurement()
    yield measurement
    measurement.stop()
    Measurement.shown.discard(measurement)


def test_the_chart_has_the_fastest_first_and_leaves_out_what_was_not_measured(tmp_path):
    (tmp_path / "engines.json").write_text(json.dumps(RESULTS))
    assert repr(chart(tmp_path, "Title")) == "<Bars: Title: luffy (at least once), slow (at least once)>"


def test_the_recorded_results_are_there():
    assert "luffy, step 8 (at least once)" in repr(chart(engines.BENCHMARKS / "results", "Title"))


def test_a_click_measures_and_shows_a_picture(measurement, tmp_path, eventually):
    (tmp_path / "engines.py").write_text(STAND_IN)
    measurement.button.click()
    assert measurement.button.disabled
    eventually(lambda: not measurement.button.disabled)
    measurement.stop()
    assert repr(measurement.picture).startswith("<Bars: Measured here, once: jobs a second: luffy")


def test_stop_ends_the_benchmark(measurement, tmp_path, eventually):
    (tmp_path / "engines.py").write_text("import time\nprint('it runs', flush=True)\ntime.sleep(600)\n")
    measurement.button.click()
    eventually(lambda: "it runs" in measurement.said.value)
    measurement.stop()
    assert measurement.said.value == "stopped"
    assert not measurement.button.disabled


def test_a_benchmark_that_fails_says_why(measurement, tmp_path, eventually):
    (tmp_path / "engines.py").write_text("raise SystemExit('no such thing')")
    measurement.button.click()
    eventually(lambda: not measurement.button.disabled)
    assert "no such thing" in measurement.said.value
    assert measurement.picture is None


@pytest.mark.parametrize(
    ("spec", "ruby", "said"),
    [
        (None, None, ["Not installed here: rq, dramatiq, huey, celery, taskiq.", "Ruby", "half a minute"]),
        ("there", None, ["Ruby", "about a minute"]),
        ("there", "/usr/bin/ruby", ["It takes about a minute."]),
    ],
)
def test_beside_the_button_it_says_what_is_not_installed(monkeypatch, spec, ruby, said):
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(engines.shutil, "which", lambda name: ruby)
    asked = Measurement()
    Measurement.shown.discard(asked)
    text = asked.said.value
    assert [part for part in said if part not in text] == []
    assert ("Not installed" in text) == (spec is None)
    assert ("Ruby" in text) == (ruby is None)
