"""What a notebook needs and a job system does not. No step imports it; it watches them from outside."""

from luffy_lesson.classroom import check, output, seam
from luffy_lesson.classroom.board import timeline, watch
from luffy_lesson.classroom.experiment import experiment
from luffy_lesson.classroom.lesson import check_environment, lesson, stopwatch
from luffy_lesson.classroom.predict import predict
from luffy_lesson.classroom.process import WorkerProcess, another_process
from luffy_lesson.classroom.show import adds, show, staircase
from luffy_lesson.classroom.website import Website
from luffy_lesson.classroom.words import words

__all__ = [
    "Website",
    "WorkerProcess",
    "adds",
    "another_process",
    "check",
    "check_environment",
    "experiment",
    "lesson",
    "predict",
    "show",
    "staircase",
    "stopwatch",
    "timeline",
    "watch",
    "words",
]

output.install()
seam.install()
