"""What a notebook needs and a job system does not. No step imports it; it watches them from outside.

To import it changes nothing. `lesson.fresh()`, the first cell of each notebook, begins to watch.
"""

from luffy_lesson.classroom import check
from luffy_lesson.classroom.experiments.benchmark import engines, faults
from luffy_lesson.classroom.experiments.experiment import experiment
from luffy_lesson.classroom.experiments.sliders import sliders, waiting
from luffy_lesson.classroom.experiments.waits import expected_wait
from luffy_lesson.classroom.experiments.website import Website
from luffy_lesson.classroom.experiments.worker_process import WorkerProcess, another_process
from luffy_lesson.classroom.lesson import check_environment, lesson, stopwatch
from luffy_lesson.classroom.page.predict import predict
from luffy_lesson.classroom.page.show import adds, bars, show, staircase
from luffy_lesson.classroom.page.words import words
from luffy_lesson.classroom.watch.board import record, timeline, watch
from luffy_lesson.classroom.watch.bounds import wait_for
from luffy_lesson.classroom.watch.fleet import fleet
from luffy_lesson.classroom.watch.journey import Journey
from luffy_lesson.classroom.watch.replay import replay

__all__ = [
    "Journey",
    "Website",
    "WorkerProcess",
    "adds",
    "another_process",
    "bars",
    "check",
    "check_environment",
    "engines",
    "expected_wait",
    "experiment",
    "faults",
    "fleet",
    "lesson",
    "predict",
    "record",
    "replay",
    "show",
    "sliders",
    "staircase",
    "stopwatch",
    "timeline",
    "wait_for",
    "waiting",
    "watch",
    "words",
]
