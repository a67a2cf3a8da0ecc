"""The map: a job is seen where it is, by more than its colour, on its way too, and many jobs are counted."""

import itertools
import math
import re
import runpy
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import ImageFont

from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.journey import Journey
from luffy_lesson.classroom.watch.map import draw_token
from luffy_lesson.classroom.watch.scene import STATES
from luffy_lesson.classroom.watch.shapes import COLOURS, Box, Line, Words

DIAGRAMS = runpy.run_path(str(Path(__file__).parents[3] / "docs/make_diagrams.py"))["DIAGRAMS"]
ONE = "process 1"
SVG = "{http://www.w3.org/2000/svg}"


def shapes(journey, at, travel=0.0):
    return journey.map.draw(journey.scene(at), journey.said(at), journey.end, travel)


def words(journey, at):
    """What is written on it."""
    return [shape.text for shape in shapes(journey, at) if isinstance(shape, Words)]


def tokens(journey, at, state, travel=0.0):
    """Where tokens of a state are, but that of the legend."""
    drawn = shapes(journey, at, travel)
    first = draw_token(state, 0, 0)[0]
    boxes = [shape for shape in drawn if isinstance(shape, Box)]
    return [(box.x, box.y) for box in boxes if box[2:] == first[2:] and box.y < journey.map.height - 60]


def box(journey, at, name):
    """The place that bears this name."""
    drawn = shapes(journey, at)
    (label,) = [shape for shape in drawn if isinstance(shape, Words) and shape.text == name]
    around = [shape for shape in drawn[: drawn.index(label)] if isinstance(shape, Box)]
    return [one for one in around if 0 <= label.x - one.x <= one.width and 0 <= label.y - one.y <= one.height][-1]


def inside(token, place):
    x, y = token
    return place.x <= x and x + 22 <= place.x + place.width and place.y <= y and y + 16 <= place.y + place.height


KILL = Journey(
    [
        Entry(0, "ready", process=ONE, number=2),
        Entry(1, "queued", "W(1)", number=3),
        Entry(2, "fetched", "W(1)", ONE, "Processor 1"),
        Entry(4, "killed", process=ONE),
        Entry(5, "put back", "W(1)"),
    ],
    step=5,
)


def test_a_job_is_a_token_in_the_place_where_it_is():
    waiting = tokens(KILL, 1, "waiting")
    assert len(waiting) == 3
    assert all(inside(token, box(KILL, 1, "luffy:queue")) for token in waiting)
    (taken,) = tokens(KILL, 2, "in hand")
    assert inside(taken, box(KILL, 2, "W(1)"))  # the list in flight
    assert not inside(taken, box(KILL, 2, "luffy:queue"))


def test_the_oldest_is_at_the_end_where_it_leaves():
    x, _ = max(tokens(KILL, 1, "waiting"))
    from_there = tokens(KILL, 2.0, "in hand", travel=0.3)
    assert from_there == [(x, max(tokens(KILL, 1, "waiting"))[1])]


def test_a_job_travels_from_where_it_was_to_where_it_is_and_is_there_in_time():
    (begin,), (middle,), (end,) = (tokens(KILL, 2 + after, "in hand", travel=0.3) for after in (0, 0.15, 0.3))
    assert begin[0] < middle[0] < end[0]
    assert tokens(KILL, 2, "in hand") == [end]  # without a way


@pytest.mark.parametrize(("step", "place"), [(4, "Processor 0"), (9, "W(1)")])  # in the processor; in its list
def test_a_job_that_leaves_before_it_could_arrive_is_seen_where_it_is(step, place):
    entries = [Entry(0, "started", processor="Processor 0"), Entry(0, "queued", "W(1)", number=100, queue="high")]
    for number in range(100):
        entries += [
            Entry(1 + 0.005 * number, "fetched", "W(1)", processor="Processor 0", queue="high"),
            Entry(1.0049 + 0.005 * number, "done", "W(1)", processor="Processor 0"),
        ]
    journey = Journey(entries, step)
    for number in range(10):
        at = 1.002 + 0.05 * number
        (taken,) = tokens(journey, at, "in hand", travel=0.3)
        assert inside(taken, box(journey, at, place))


@pytest.mark.parametrize(
    ("state", "at", "label"),
    [
        ("waiting", 1, "perform_queue"),
        ("scheduled", 1.5, "perform_in"),
        ("in hand", 2, "BLMOVE"),
        ("retrying", 3.5, "raised"),
        ("waiting", 4, "poller,\nwhen due"),
        ("dead", 5, "raised\ntoo often"),
        ("waiting", 7, "killed: back"),
        ("waiting", 8, "poller,\nwhen due"),
        ("waiting", 9, "requeue"),
    ],
)
def test_on_its_way_it_follows_the_arrow_that_says_so(state, at, label):
    me = {"job": "W(1)", "process": ONE, "processor": "Processor 0"}
    journey = Journey(
        [
            Entry(0, "ready", process=ONE, number=2),
            Entry(1, "queued", "W(1)"),
            Entry(1.5, "scheduled", "W(2)", due=8),
            Entry(2, "fetched", **me),
            Entry(3, "failed", **me),
            Entry(3.5, "retrying", **me, due=4),
            Entry(4.5, "fetched", **me),
            Entry(4.8, "failed", **me),
            Entry(5, "dead", **me),
            Entry(6, "queued", "W(3)"),
            Entry(6.1, "fetched", "W(3)", ONE, "Processor 1"),
            Entry(6.2, "killed", process=ONE),
            Entry(7, "put back", "W(3)"),
            Entry(8.1, "counted", sizes={"scheduled": 0}),
            Entry(9, "requeued", "W(1)"),
        ],
        step=7,
    )
    rest = tokens(journey, at, state)
    moments = [at + 0.003 * part for part in range(1, 100)]
    passed = [(x + 11, y + 8) for now in moments for x, y in tokens(journey, now, state, 0.3) if (x, y) not in rest]
    assert any(
        all(any(math.dist(point, corner) < 6 for point in passed) for corner in way.points)
        for way in journey.map.ways(at)
        if way.label == label
    )


def test_a_killed_process_is_crossed_out_and_its_job_is_still_in_redis():
    def crossed(at):
        lines = [shape for shape in shapes(KILL, at) if isinstance(shape, Line)]
        return [line for line in lines if (line.ink, line.thick) == ("#c3142d", 2)]

    assert (len(crossed(3.9)), len(crossed(4))) == (0, 2)
    assert "process 1 was killed" in words(KILL, 4)
    (left,) = tokens(KILL, 4, "left behind")
    assert inside(left, box(KILL, 4, "Redis"))
    assert tokens(KILL, 5, "left behind") == []


def test_a_job_that_was_put_back_is_where_the_next_one_is_taken():
    assert len(tokens(KILL, 5, "waiting")) == 3
    *at_rest, moving = tokens(KILL, 5, "waiting", travel=0.2)
    assert moving == tokens(KILL, 4, "left behind")[0]  # it comes from there
    first = max(tokens(KILL, 4, "waiting"))
    assert first not in at_rest  # there is room for it
    assert first in tokens(KILL, 5.2, "waiting", travel=0.2)


def test_without_lists_in_flight_a_job_is_lost_in_its_process_and_seen_there():
    journey = Journey(KILL.entries[:4], step=4)
    assert "luffy:queue" in words(journey, 1)
    (lost,) = tokens(journey, 4, "lost")
    assert inside(lost, box(journey, 4, "process 1 was killed"))


def test_the_age_of_what_waits_is_seen_and_the_oldest_is_told():
    def bars(at):
        return [shape.width for shape in shapes(KILL, at) if isinstance(shape, Box) and shape.height == 2][:2]

    assert bars(1) < bars(2) < bars(3.5)
    assert "oldest 2.5 s" in words(KILL, 3.5)


JOB = "VeryHeavyService({})"


def eventful(step, processors=3):
    """A run in which there is all that there can be in a step, up to a kill at 6 s."""
    process = "process 1" if step >= 4 else ""
    me = [{"job": JOB.format(1), "process": process, "processor": f"Processor {n}"} for n in range(processors)]
    entries = [Entry(0, "ready", process=process, number=processors), Entry(1, "queued", JOB.format(1), number=1200)]
    if step >= 6:
        entries += [Entry(1, "scheduled", JOB.format(2), due=100 + number) for number in range(20)]
    if step >= 9:
        queues = ["urgent", "mailing", "reports", "a_queue_with_a_long_name", "five", "six", "seven"]
        entries += [Entry(1, "queued", JOB.format(3), number=50, queue=queue) for queue in queues[: (step - 8) * 4 - 2]]
    if step >= 8:
        entries += [Entry(1.5, "prefetched", **one, number=300) for one in me]
    entries += [Entry(2, "fetched", **one) for one in me]
    for number in range(2):
        entries += [Entry(3, "failed", **me[number], error="E")]
        if step >= 7:
            entries += [Entry(3, "dead", **me[number]) if number else Entry(3, "retrying", **me[number], due=50)]
        entries += [Entry(4, "fetched", **me[number])]
    entries += [Entry(5, "done", **me[1]), Entry(6, "killed", process=process), Entry(7, "put back", JOB.format(1))]
    return Journey(entries, step)


def at_rest(step):
    """The diagram of a lesson."""
    (diagram,) = [diagram for diagram in DIAGRAMS.values() if diagram.step == step]
    return diagram.shapes, diagram.height


def of_a_moment(step, at, processors=3):
    journey = eventful(step, processors)
    return shapes(journey, at), journey.map.height


@cache
def font(size, bold):
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' * bold}.ttf", size)


def room(shape):
    """The corners of what is written: in a font as wide as there is one."""
    length = font(shape.size, shape.bold).getlength(shape.text)
    left = shape.x - {"start": 0, "middle": length / 2, "end": length}[shape.anchor]
    return left, shape.y - 0.75 * shape.size, left + length, shape.y + 0.2 * shape.size


def corners(box):
    return box.x, box.y, box.right, box.bottom


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def within(one, other):
    return other[0] <= one[0] and one[2] <= other[2] and other[1] <= one[1] and one[3] <= other[3]


PICTURES = {f"step {step} at rest": (at_rest, step) for step in range(3, 11)}
PICTURES |= {f"step {s} after {at} s": (of_a_moment, s, at) for s in range(3, 11) for at in (0, 1, 2, 4, 5, 6, 7)}


PICTURES |= {f"step {s} with {n} processors": (of_a_moment, s, 2, n) for s in (3, 4, 5, 8, 10) for n in (12, 13)}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_nothing_overlaps(picture):
    make, *args = picture
    drawn, height = make(*args)
    boxes = [shape for shape in drawn if isinstance(shape, Box)]
    jobs = [box for box in boxes if (box.width, box.height) == (22, 16)]
    places = [box for box in boxes if box.fill in ("#ffffff", "#d5e7f3") and box.height > 20]
    said = {shape: room(shape) for shape in drawn if isinstance(shape, Words) and shape.text not in ("?", "")}
    assert len(places) > 5
    for one, other in itertools.combinations(places, 2):
        assert not overlap(corners(one), corners(other)), (one, other)
    for one, other in itertools.combinations(jobs, 2):
        assert not overlap(corners(one), corners(other)), (one, other)
    for one, other in itertools.combinations(said, 2):
        assert not overlap(said[one], said[other]), (one, other)
    for words, where in said.items():
        assert within(where, (0, 0, 940, height)), words
        assert not [job for job in jobs if overlap(where, corners(job))], words
        for place in places:  # what begins in a place ends there
            if overlap(where, corners(place)):
                assert within(where, corners(place)), words
    for job in jobs:
        for place in places:
            if overlap(corners(job), corners(place)):
                assert within(corners(job), corners(place)), (job, place)


@pytest.mark.parametrize("step", range(3, 11))
def test_no_way_leads_through_words(step):
    drawn, _ = at_rest(step)
    lines = [shape.points for shape in drawn if isinstance(shape, Line) and not shape.filled and shape.thick != 2]
    for words in [shape for shape in drawn if isinstance(shape, Words)]:
        for start, end in itertools.chain.from_iterable(map(itertools.pairwise, lines)):
            (left, right), (top, low) = map(sorted, zip(start, end, strict=True))
            assert not overlap(room(words), (left - 0.5, top - 0.5, right + 0.5, low + 0.5)), words


@pytest.mark.parametrize("step", range(3, 11))
def test_everything_has_the_same_place_at_rest_and_in_motion(step):
    who = "another process" if step >= 4 else ""
    entries = [Entry(0, "ready", process=who, number=3)]
    entries += [
        Entry(1, "queued", JOB.format(1), queue=queue) for queue in (["urgent", "mailing"] if step >= 9 else [""])
    ]
    journey = Journey(entries, step)
    moving = {(box.x, box.y, box.width, box.height) for box in shapes(journey, 1) if isinstance(box, Box)}
    still = {
        (box.x, box.y, box.width, box.height)
        for box in at_rest(step)[0]
        if isinstance(box, Box) and (box.width, box.height) != (22, 16) and box.height > 20
    }
    assert still <= moving
    assert len(still) >= 7


@pytest.mark.parametrize("step", range(3, 11))
def test_what_a_lesson_adds_has_thick_lines_at_rest(step):
    drawn, _ = at_rest(step)
    thick = [shape for shape in drawn if isinstance(shape, Box | Line) and shape.thick == 2.4]
    thin = [shape for shape in drawn if isinstance(shape, Box | Line) and shape.thick == 1.2]
    assert (len(thick) > 2, len(thin) > 2) == ((False, False) if step == 3 else (True, True))


@pytest.mark.parametrize("step", range(3, 11))
def test_a_job_is_in_its_place_in_each_state(step):
    journey = eventful(step)
    queue = {3: "queue"}.get(step, "luffy:queue" if step < 9 else "default")
    names = {"waiting": (1, queue), "scheduled": (2, "scheduled set"), "retrying": (4, "retry set")}
    names |= {"dead": (4, "dead set"), "done": (5, "done"), "failed": (4, "failed"), "left behind": (6, "in flight")}
    names |= {"in hand": (2, "in flight"), "prefetched": (2, "in flight")}
    possible = {state for at in (1, 2, 4, 5, 6) for state in journey.scene(at).counts()}
    assert len(possible) > 4
    for state in possible - {"lost"}:
        at, name = names[state]
        if state == "in hand" and step < 5:
            name = "process 1" if step == 4 else "your program"
        place = box(journey, at, name)
        found = tokens(journey, at, state)
        assert found, state
        if state == "waiting":
            assert any(inside(token, place) for token in found)
        else:
            assert all(inside(token, place) for token in found), state


def test_each_queue_has_a_place_with_its_own_jobs_and_the_age_of_its_oldest():
    entries = [Entry(0, "started", processor="Processor 0"), Entry(1, "queued", "W(1)", queue="urgent")]
    entries += [Entry(3, "queued", "W(2)", number=4, queue="mailing"), Entry(3, "queued", "W(3)", queue="reports")]
    journey = Journey(entries, 9)
    waiting = tokens(journey, 5, "waiting")
    for name, number in (("urgent", 1), ("mailing", 4), ("reports", 1)):
        assert sum(inside(token, box(journey, 5, name)) for token in waiting) == number
    assert [text for text in words(journey, 5) if text.startswith("oldest")] == ["oldest 4.0 s", *["oldest 2.0 s"] * 2]
    starts = {way.points[0] for way in journey.map.ways(5)}
    assert {(place.right, place.middle) for place in (box(journey, 5, "urgent"), box(journey, 5, "reports"))} <= starts


def test_many_queues_share_the_last_place():
    entries = [Entry(1, "queued", "W(1)", queue=f"q{number}") for number in range(9)]
    journey = Journey(entries, 9)
    assert {"q0", "q4", "4 more"} <= set(words(journey, 1))
    assert sum(inside(token, box(journey, 1, "4 more")) for token in tokens(journey, 1, "waiting")) == 4


def test_the_registry_tells_how_many_processes_there_are():
    journey = Journey([Entry(0, "ready", process=ONE), Entry(1, "ready", process="process 2"), *KILL.entries[3:4]], 10)
    assert [[text for text in words(journey, at) if "process" in text.split()[1:2]][:1] for at in (0, 4)] == [
        ["1 process"],
        ["1 process"],
    ]
    assert "2 processes" in words(journey, 2)


@pytest.mark.parametrize("step", range(3, 11))
def test_a_map_has_what_the_step_has_and_no_more(step):
    journey = Journey([Entry(0, "started", processor="Processor 0"), Entry(1, "queued", "W(1)")], step)
    said = set(words(journey, 1))
    assert ("Redis" in said) == (step >= 4)
    assert ({"in flight", "of Processor 0"} <= said) == (step >= 5)
    assert ("scheduled set" in said) == (step >= 6)
    assert ({"retry set", "dead set"} <= said) == (step >= 7)
    assert ({"registry", "middleware", "operator", "dashboard"} <= said) == (step >= 10)


def test_a_job_that_was_in_no_queue_is_with_the_thread_that_does_it():
    journey = Journey([Entry(0, "started", processor="Processor 0"), Entry(1, "called", "W(1)", "", "main thread")], 5)
    (token,) = tokens(journey, 1, "in hand")
    assert inside(token, box(journey, 1, "main thread"))
    assert [text for text in words(journey, 1) if text.startswith("of ")] == ["of Processor 0"]


def test_what_colour_says_a_sign_says_too():
    def signs(state):
        alike = [shape if isinstance(shape, Words) else shape._replace(thick=1) for shape in draw_token(state, 0, 0)]
        return str([tuple(part for part in shape if part not in COLOURS) for shape in alike])

    looks = {state: signs(state) for state in STATES}
    alike = {frozenset(other for other in STATES if looks[other] == looks[state]) for state in STATES}
    assert [group for group in alike if len(group) > 1] == []


def test_those_who_do_not_see_it_are_told_the_moment_and_the_counts():
    root = ElementTree.fromstring(KILL.svg(4))
    says = "Process 1 was killed, with 1 job in hand: in flight all the same. waiting 2, left behind 1."
    assert (root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text) == ("After 4.0 s", says)
    assert (root.get("role"), root.get("aria-label")) == ("img", f"After 4.0 s. {says}")


def test_what_a_learner_writes_is_text():
    journey = Journey([Entry(0, "queued", "<b>&\"'"), Entry(1, "fetched", "<b>&\"'", "<i>", "</svg>")], 5)
    root = ElementTree.fromstring(journey.svg(1))
    assert "<b>&\"'" in [text.text for text in root.iter(f"{SVG}text")]
    assert not [element for element in root.iter() if element.tag in (f"{SVG}b", f"{SVG}i")]


def busy(jobs, processes, each):
    """As many jobs, and processes with as many processors: all at work, then all done."""
    who = [(f"process {p}", f"Processor {n}") for p in range(1, processes + 1) for n in range(each)]
    entries = [Entry(0, "ready", process=f"process {p}", number=each) for p in range(1, processes + 1)]
    entries += [Entry(1, "queued", "W(1)", number=jobs)]
    entries += [Entry(2, "fetched", "W(1)", *one) for one in who]
    entries += [Entry(3, "done", "W(1)", *one) for one in who]
    return Journey(entries, 10)


@pytest.mark.parametrize(("jobs", "processes", "each"), [(0, 0, 0), (1000, 1, 1), (1000, 4, 3), (1000, 2, 25)])
def test_nothing_is_drawn_outside_and_many_jobs_are_counted(jobs, processes, each):
    journey = busy(jobs, processes, each)
    for at in (0, 1, 1.1, 2, 2.1, 3):
        drawn = shapes(journey, at, 0.3 * (at in (1.1, 2.1)))
        for shape in drawn:
            points = shape.points if isinstance(shape, Line) else [(shape.x, shape.y)]
            if isinstance(shape, Box):
                points = [*points, (shape.x + shape.width, shape.y + shape.height)]
            assert all(0 <= x <= journey.map.width and 0 <= y <= journey.map.height for x, y in points)
        assert len(drawn) < 600
        assert len(journey.svg(at)) < 100_000
    if jobs:
        assert any(re.fullmatch(r"\+ \d{3}", text) for text in words(journey, 1))
        assert "waiting 1000" in words(journey, 1)


def test_many_processors_share_a_row_for_each_process():
    journey = busy(1000, 2, 25)
    assert words(journey, 1).count("25 processors") == 2
    assert words(journey, 2).count("25 of 25 at work") == 2
    assert "Processor 0" not in words(journey, 2)


def test_what_is_said_stands_beside_its_own_time_and_not_the_time_that_it_is():
    said = words(KILL, 4.5)
    assert said.index("4.5 s") < said.index("4.0 s") < said.index("2.0 s")
    assert "Processor 1 of process 1 took W(1)." in said


@pytest.mark.parametrize(("step", "failed"), [(6, True), (7, False)])
def test_a_failed_job_is_counted_where_it_is_not_tried_again(step, failed):
    journey = Journey([Entry(0, "fetched", "W(1)"), Entry(1, "failed", "W(1)", error="no")], step)
    assert ("failed 1" in words(journey, 1)) == failed
