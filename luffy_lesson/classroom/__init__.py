"""What a notebook needs and a job system does not. No step imports it; it watches them from outside."""

from luffy_lesson.classroom import check, output, seam
from luffy_lesson.classroom.arrivals import expected_wait, sliders, waiting
from luffy_lesson.classroom.board import timeline, watch
from luffy_lesson.classroom.engines import engines
from luffy_lesson.classroom.experiment import experiment
from luffy_lesson.classroom.lesson import check_environment, lesson, stopwatch
from luffy_lesson.classroom.predict import predict
from luffy_lesson.classroom.process import WorkerProcess, another_process
from luffy_lesson.classroom.show import adds, bars, show, staircase
from luffy_lesson.classroom.website import Website
from luffy_lesson.classroom.words import words

__all__ = [
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
    "lesson",
    "predict",
    "show",
    "sliders",
    "staircase",
    "stopwatch",
    "timeline",
    "waiting",
    "watch",
    "words",
]

output.install()
seam.install()
