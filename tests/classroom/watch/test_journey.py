"""A journey: each job is in one place at every moment, what is kept is what is read, and nothing needs a clock."""

import json
import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luffy_lesson.classroom.watch import journey as journey_module
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.journey import Journey
from luffy_lesson.classroom.watch.scene import STATES, Story, Where

ONE, TWO = "process 1", "process 2"


def fetched(at, job="W(1)", processor="Processor 0", process=ONE):
    return Entry(at, "fetched", job, process, processor)


def done(at, job="W(1)", processor="Processor 0", process=ONE):
    return Entry(at, "done", job, process, processor)


def places(journey, at):
    """Where each job is, by number."""
    return {token.number: token.now.state for token in journey.scene(at).tokens}


RECOVERY = [
    Entry(0, "ready", process=ONE),
    Entry(1, "queued", "W(1)"),
    fetched(2),
    Entry(3, "killed", process=ONE),
    Entry(4, "ready", process=TWO, number=2),
    Entry(5, "put back", "W(1)", TWO),
    fetched(6, process=TWO),
    done(7, process=TWO),
    Entry(8, "ended", process=TWO),
]


def test_a_job_whose_process_is_killed_is_left_behind_and_put_back_and_done_by_another():
    journey = Journey(RECOVERY, step=5)
    states = [(token.now.state, token.now.process) for at in range(1, 9) for token in journey.scene(at).tokens]
    assert states == [
        ("waiting", ""),
        ("in hand", ONE),
        ("left behind", ONE),
        ("left behind", ONE),
        ("waiting", ""),
        ("in hand", TWO),
        ("done", TWO),
        ("done", TWO),
    ]
    assert [len(journey.scene(at).tokens) for at in (0, 0.99, 1)] == [0, 0, 1]
    assert repr(journey) == "A journey: 1 job: done 1, once left behind 1."


def test_before_step_5_it_is_lost_with_its_process():
    journey = Journey(RECOVERY[:4], step=4)
    assert journey.scene(3).counts() == {"lost": 1}
    assert journey.words(3) == "Process 1 was killed, with 1 job in hand: lost with it."


def test_each_event_is_told_in_words():
    journey = Journey(
        [
            *RECOVERY,
            Entry(9, "scheduled", "Hello('Ada')", due=12.25),
            Entry(10, "queued", "W(2)", number=500),
            Entry(11, "called", "W(3)", processor="main thread"),
            Entry(12, "failed", "W(3)", processor="main thread", error="KeyError: 'x'"),
            Entry(13, "retrying", "W(3)", processor="main thread", due=20),
            Entry(14, "dead", "W(3)"),
            Entry(15, "left too often", "W(3)"),
            Entry(15.1, "requeued", "W(3)"),
            Entry(15.2, "thrown away", "W(3)"),
            Entry(16, "killed", process="process 3"),
            Entry(17, "from a later version"),
        ],
        step=7,
    )
    assert journey.words(0.5) == "Process 1 is ready, with 1 processor."
    assert [journey.says(entry) for entry in journey.moments[1:]] == [
        "W(1) was put in the queue.",
        "Processor 0 of process 1 took W(1).",
        "Process 1 was killed, with 1 job in hand: in flight all the same.",
        "Process 2 is ready, with 2 processors.",
        "W(1) was left behind, and is back in the queue.",
        "Processor 0 of process 2 took W(1).",
        "Processor 0 of process 2 finished W(1).",
        "Process 2 has ended.",
        "Hello('Ada') was scheduled, for 12.2 s.",
        "W(2) was put in the queue, 500 times.",
        "Main thread began W(3).",
        "W(3) failed: KeyError: 'x'",
        "W(3) will be tried again, at 20.0 s.",
        "W(3) is dead.",
        "W(3) was left behind once too often: it is dead.",
        "W(3) was dead, and is back in the queue.",
        "W(3) was dead, and is thrown away.",
        "Process 3 was killed, with no jobs in hand.",
    ]


def test_a_journey_of_nothing_says_so():
    journey = Journey([])
    assert (journey.words(0), journey.end, journey.scene(0).tokens) == ("Nothing has happened yet.", 0, [])
    assert repr(journey) == "A journey: no jobs."


def test_of_equal_jobs_the_one_that_waits_longest_is_taken_first_and_one_that_was_put_back_before_it():
    journey = Journey(
        [
            *[Entry(at, "queued", "W(1)") for at in (1, 2, 3)],
            fetched(4),
            Entry(5, "killed", process=ONE),
            Entry(6, "put back", "W(1)"),
            fetched(7, process=TWO),
        ],
        step=5,
    )
    assert places(journey, 4) == {1: "in hand", 2: "waiting", 3: "waiting"}
    assert places(journey, 6) == dict.fromkeys([1, 2, 3], "waiting")
    assert [token.number for token in journey.scene(6).tokens if token.now.first] == [1]


def test_a_job_that_is_fetched_before_it_is_told_that_it_was_queued_is_the_same_one():
    journey = Journey([fetched(1), Entry(1.001, "queued", "W(1)", number=3), fetched(1.002, processor="Processor 1")])
    assert places(journey, 2) == {1: "in hand", 2: "in hand", 3: "waiting"}
    assert places(journey, journey.moments[0].at) == {1: "waiting"}  # so there is a moment to see it there
    assert [(round(entry.at, 3), entry.what, entry.number) for entry in journey.moments] == [
        (1, "queued", 1),
        (1, "fetched", 1),
        (1.001, "queued", 2),
        (1.002, "fetched", 1),
    ]


def test_so_is_one_that_was_left_behind_and_is_fetched_before_it_is_told_that_it_was_put_back():
    journey = Journey([*RECOVERY[:5], fetched(5, process=TWO), done(5.1, process=TWO), RECOVERY[5]._replace(at=5.2)], 5)
    assert [places(journey, at) for at in (4.9, 5, 5.2)] == [{1: "left behind"}, {1: "in hand"}, {1: "done"}]
    assert [entry.what for entry in journey.moments][-3:] == ["put back", "fetched", "done"]


def test_a_job_that_nobody_saw_come_is_not_one_that_is_queued_long_after():
    assert places(Journey([fetched(1), Entry(3, "queued", "W(1)")]), 3) == {1: "in hand", 2: "waiting"}


def test_a_job_that_is_due_has_come_to_the_queue_when_the_backend_says_so_or_somebody_takes_it():
    due = [Entry(0, "scheduled", "W(1)", due=2), Entry(0.5, "scheduled", "W(1)", due=5), Entry(1, "queued", "W(1)")]
    counted = Journey([*due, Entry(3, "counted", sizes={"scheduled": 1})])
    assert places(counted, 1.9) == {1: "scheduled", 2: "scheduled", 3: "waiting"}
    assert places(counted, 2) == {1: "waiting", 2: "scheduled", 3: "waiting"}
    taken = Journey([due[0], fetched(3)])
    assert [places(taken, at)[1] for at in (1, 2.5, 3)] == ["scheduled", "waiting", "in hand"]
    assert places(Journey([*due, Entry(1.5, "counted", sizes={"scheduled": 1})]), 4)[1] == "scheduled"  # not due: gone


def test_a_job_that_has_failed_is_tried_again_and_is_dead_at_last():
    me = {"job": "W(1)", "processor": "Processor 0"}
    journey = Journey(
        [
            Entry(0, "queued", "W(1)"),
            Entry(1, "fetched", **me),
            Entry(2, "failed", **me, error="E"),
            Entry(2.1, "retrying", **me, due=4),
            Entry(4.5, "fetched", **me),
            Entry(5, "failed", **me, error="E"),
            Entry(5.1, "dead", **me),
        ],
        step=7,
    )
    states = [places(journey, at)[1] for at in (2, 3, 4, 4.5, 5, 6)]
    assert states == ["failed", "retrying", "waiting", "in hand", "failed", "dead"]


ME = {"job": "W(1)", "processor": "Processor 0"}
DIES = [
    Entry(0, "queued", "W(1)"),
    Entry(1, "fetched", **ME),
    Entry(2, "failed", **ME, error="E"),
    Entry(2.1, "dead", **ME),
]
SENT_BACK = Entry(4, "requeued", "W(1)")


def test_a_dead_job_that_is_sent_back_is_the_same_one():
    journey = Journey([*DIES, SENT_BACK, Entry(5, "fetched", **ME), Entry(6, "done", **ME)], step=7)
    assert [places(journey, at) for at in (3, 4, 5, 6)] == [{1: s} for s in ("dead", "waiting", "in hand", "done")]
    assert repr(journey) == "A journey: 1 job: done 1."


def test_it_is_the_same_one_too_when_it_is_taken_before_that_is_told():
    early = [Entry(3.9, "fetched", **ME), SENT_BACK, Entry(6, "done", **ME)]
    journey = Journey([*DIES, *early], step=7)
    assert [list(places(journey, at).values()) for at in (3.8, 3.9, 6)] == [["dead"], ["in hand"], ["done"]]
    assert [entry.what for entry in journey.moments][-4:] == ["dead", "requeued", "fetched", "done"]
    unseen = Journey(early, step=7)  # it was dead before the journey began
    assert [move.state for job in unseen.jobs for move in job.moves] == ["waiting", "in hand", "done"]


def test_what_was_taken_before_it_died_is_another_than_the_one_that_is_sent_back():
    journey = Journey([*DIES, Entry(2, "fetched", "W(1)", ONE, "Processor 0"), SENT_BACK._replace(at=2.2)], step=7)
    assert Counter(places(journey, 3).values()) == Counter({"in hand": 1, "waiting": 1})


def test_one_that_died_before_the_journey_began_comes_when_it_is_sent_back():
    assert places(Journey([SENT_BACK], step=7), 4) == {1: "waiting"}


def test_a_dead_job_that_is_thrown_away_is_seen_no_more():
    journey = Journey([*DIES, Entry(4, "thrown away", "W(1)"), Entry(5, "thrown away", "W(1)")], step=7)
    assert [places(journey, at) for at in (3.9, 4)] == [{1: "dead"}, {}]
    assert repr(journey) == "A journey: 1 job: thrown away 1."
    story = Story(keeps=True)
    for number in range(200):
        for entry in [*DIES, Entry(4, "thrown away", "W(1)")]:
            story.take(entry._replace(at=entry.at + 5 * number))
    story.forget(1000)
    assert (story.now(1000).counts(), len(story.jobs)) == ({}, 50)


def batch(journey, at):
    """How many jobs are in each state, and with whom those are that were prefetched."""
    tokens = journey.scene(at).tokens
    return journey.scene(at).counts(), [token.now.processor for token in tokens if token.now.state == "prefetched"]


def test_a_batch_is_prefetched_and_begun_job_by_job_and_what_is_not_begun_goes_back():
    journey = Journey(
        [
            Entry(0, "queued", "W(1)", number=4),
            Entry(1, "prefetched", "W(1)", ONE, "Processor 0", number=3),
            fetched(1.1),
            done(2),
            fetched(2),
            Entry(3, "given back", "W(1)", ONE),
            Entry(4, "given back", "W(1)", ONE),  # at the deadline: the one in hand
            done(5),
        ],
        step=10,
    )
    assert batch(journey, 1) == ({"waiting": 1, "prefetched": 3}, ["Processor 0"] * 3)
    assert batch(journey, 1.1) == ({"waiting": 1, "prefetched": 2, "in hand": 1}, ["Processor 0"] * 2)
    assert batch(journey, 2)[0] == {"waiting": 1, "prefetched": 1, "in hand": 1, "done": 1}
    assert [batch(journey, at)[0] for at in (3, 4, 5)] == [
        {"waiting": 2, "in hand": 1, "done": 1},
        {"waiting": 3, "done": 1},
        {"waiting": 3, "done": 1},
    ]
    assert journey.words(1) == "Processor 0 of process 1 prefetched W(1), 3 times."
    assert journey.words(3) == "W(1) went back to the queue."


def test_what_goes_back_is_what_its_processor_had_and_not_what_another_has():
    def prefetches(at, who):
        return Entry(at, "prefetched", "W(1)", "", who, number=2)

    def does(at, who):
        return [Entry(at, what, "W(1)", "", who) for what in ("fetched", "done")]

    journey = Journey(
        [
            Entry(0, "queued", "W(1)", number=4),
            prefetches(1, "Processor 1"),
            prefetches(1, "Processor 0"),
            Entry(2, "given back", "W(1)", "", "Processor 0", number=2),
            *[entry for at in (2.1, 2.2) for entry in does(at, "Processor 1")],
            prefetches(2.3, "Processor 1"),
            *[entry for at in (2.4, 2.5) for entry in does(at, "Processor 1")],
        ],
        step=8,
    )
    assert batch(journey, 2) == ({"waiting": 2, "prefetched": 2}, ["Processor 1"] * 2)
    assert batch(journey, 3) == ({"done": 4}, [])


def test_of_a_large_batch_those_without_a_name_are_the_oldest_that_wait():
    journey = Journey(
        [
            *[Entry(0, "queued", job, number=100) for job in ("W(1)", "W(2)", "W(3)")],
            Entry(1, "prefetched", "W(1)", ONE, "Processor 0", number=100),
            Entry(1, "prefetched", "", ONE, "Processor 0", number=150),
            fetched(2, "W(2)"),
            Entry(3, "given back", "W(1)", ONE, number=100),
            Entry(3, "given back", "", ONE, number=149),
        ],
        step=8,
    )
    assert [batch(journey, at)[0] for at in (1, 2, 3)] == [
        {"waiting": 50, "prefetched": 250},
        {"waiting": 50, "prefetched": 249, "in hand": 1},
        {"waiting": 299, "in hand": 1},
    ]
    assert journey.words(1) == "Processor 0 of process 1 prefetched 150 more jobs."
    assert journey.words(3) == "149 more jobs went back to the queue."


def test_a_killed_process_leaves_behind_what_it_has_prefetched_as_well():
    journey = Journey(
        [
            Entry(0, "queued", "W(1)", number=3),
            Entry(1, "prefetched", "W(1)", ONE, "Processor 0", number=3),
            fetched(1),
            Entry(2, "killed", process=ONE),
            Entry(3, "put back", "W(1)"),
        ],
        step=8,
    )
    assert [journey.scene(at).counts() for at in (2, 3)] == [{"left behind": 3}, {"waiting": 1, "left behind": 2}]
    assert journey.words(2) == "Process 1 was killed, with 1 job in hand and 2 prefetched: in flight all the same."


def test_a_batch_that_is_told_before_it_was_queued_is_the_same_one():
    late = [Entry(1, "prefetched", "W(1)", ONE, "Processor 0", number=2), Entry(1.01, "queued", "W(1)", number=2)]
    assert Journey(late).scene(2).counts() == {"prefetched": 2}


def test_each_job_waits_in_its_queue_and_goes_home_to_it():
    journey = Journey(
        [
            Entry(0, "queued", "W(1)", queue="mail"),
            Entry(0, "queued", "W(2)"),
            Entry(1, "scheduled", "W(3)", due=9, queue="mail"),
            Entry(2, "fetched", "W(4)", ONE, "Processor 0", queue="urgent"),
            Entry(3, "put back", "W(4)"),
        ],
        step=9,
    )
    assert [token.queue for token in journey.scene(3).tokens] == ["mail", "", "mail", "urgent"]


def test_of_many_jobs_some_are_seen_in_each_place_and_the_others_are_counted():
    story = Story(keeps=True)
    for queue in ("", "mail"):
        story.take(Entry(0, "queued", "W(1)", number=250, queue=queue))
    for number in (0, 1):
        story.take(Entry(1, "prefetched", "", ONE, f"Processor {number}", number=60, queue="mail"))
    scene = story.now(2)
    assert scene.counts() == {"waiting": 380, "prefetched": 120}
    seen = Counter(Where.of(token.queue, token.now) for token in scene.tokens)
    assert (seen, scene.more) == (
        {
            Where("waiting"): 100,
            Where("waiting", "mail"): 100,
            Where("prefetched", "", ONE, "Processor 0"): 10,
            Where("prefetched", "", ONE, "Processor 1"): 10,
        },
        {
            Where("waiting"): 150,
            Where("waiting", "mail"): 30,
            Where("prefetched", "", ONE, "Processor 0"): 50,
            Where("prefetched", "", ONE, "Processor 1"): 50,
        },
    )


@st.composite
def runs(draw):
    """Entries of a run that could have been, and how many jobs are in each state after each of them."""
    entries, truth, counts = [], [], Counter()
    waiting, hands, left = [], {}, []
    for at in range(draw(st.integers(0, 40))):
        choices = ["queued"]
        choices += ["fetched"] * bool(waiting and len(hands) < 6)
        choices += ["done", "failed", "killed"] * bool(hands)
        choices += ["put back", "left too often"] * bool(left)
        what = draw(st.sampled_from(choices))
        if what == "queued":
            job = draw(st.sampled_from("AB"))
            waiting.append(job)
            entries.append(Entry(at, what, job))
        elif what == "fetched":
            job = waiting.pop(0)
            free = {(p, f"Processor {n}") for p in (ONE, TWO) for n in range(3)} - hands.keys()
            who = draw(st.sampled_from(sorted(free)))
            hands[who] = job
            entries.append(Entry(at, what, job, *who))
        elif what in ("done", "failed"):
            who = draw(st.sampled_from(sorted(hands)))
            entries.append(Entry(at, what, hands.pop(who), *who))
            counts[what] += 1
        elif what == "killed":
            process = draw(st.sampled_from(sorted({process for process, _ in hands})))
            left += [hands.pop(who) for who in sorted(hands) if who[0] == process]
            entries.append(Entry(at, what, process=process))
        else:
            job = left.pop()
            entries.append(Entry(at, what, job))
            counts["dead"] += what == "left too often"
            if what == "put back":
                waiting.insert(0, job)
        truth.append(counts | Counter({"waiting": len(waiting), "in hand": len(hands), "left behind": len(left)}))
    return entries, truth


@settings(deadline=None, max_examples=60)
@given(runs(), st.randoms())
def test_at_every_moment_each_job_is_in_one_place_and_the_counts_are_those_of_the_run(run, chance):
    entries, truth = run
    shuffled = entries[:]
    chance.shuffle(shuffled)
    journey, again = Journey(entries, step=5), Journey(shuffled, step=5)
    came = 0
    for entry, counts in zip(entries, truth, strict=True):
        scene = journey.scene(entry.at)
        came += entry.what == "queued"
        assert sorted(token.number for token in scene.tokens) == list(range(1, came + 1))
        assert scene.counts() == {state: counts[state] for state in STATES if counts[state]}
        assert journey.scene(entry.at + 0.5).tokens == scene.tokens == again.scene(entry.at).tokens


WHATS = ["queued", "scheduled", "fetched", "called", "done", "failed", "retrying", "dead", "put back", "left too often"]
WHATS += ["counted", "started", "ready", "ended", "killed", "prefetched", "given back", "requeued", "thrown away"]
WHATS += ["unheard of"]
anything = st.lists(
    st.builds(
        Entry,
        st.floats(0, 100),
        st.sampled_from(WHATS),
        st.sampled_from(["", "A", "<b>&", "ż\n'\""]),
        st.sampled_from(["", ONE]),
        st.sampled_from(["", "Processor 0"]),
        st.integers(0, 3),
        st.none() | st.floats(-10, 200),
        st.none() | st.text(max_size=5),
        st.none() | st.dictionaries(st.sampled_from(["scheduled", "retrying"]), st.integers(0, 3)),
        st.sampled_from(["", "mail"]),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(anything, st.integers(2, 11))
def test_whatever_is_told_there_is_an_answer_and_the_file_says_the_same(tmp_path_factory, entries, step):
    journey = Journey(entries, step)
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    journey.save(path)
    again = Journey.load(path)
    assert (again.entries, again.step, again.cut) == (journey.entries, step, False)
    for at in (0.0, 50.0, 100.0):
        scene = journey.scene(at)
        assert scene == again.scene(at)
        assert sum(scene.counts().values()) == len({token.number for token in scene.tokens})
        assert journey.svg(at, 0.3) == again.svg(at, 0.3)
    for job in journey.jobs:
        assert [move.at for move in job.moves] == sorted(move.at for move in job.moves)


HEAD = '{"journey": 1, "step": 5}'
GOOD = '{"at": 1, "what": "queued", "job": "A"}'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "Line 1 of * is not the head of a journey: it is no JSON object."),
        (['{"journey": 2}'], 'Line 1 of * must say {"journey": 1, …}: it is no journey of this version.'),
        (['{"journey": 1}'], 'Line 1 of * must say of which step it is: {"journey": 1, "step": 5}.'),
        ([HEAD, GOOD, "{"], "Line 3 of * is no line of a journey: it is no JSON object."),
        ([HEAD, "[" * 9000], "Line 2 of * is no line of a journey: it is no JSON object."),
        ([HEAD, '{"at": 1}'], "Line 2 of * is no line of a journey: it has no what."),
        ([HEAD, '{"at": "1", "what": "done"}'], "Line 2 of * is no line of a journey: its at cannot be '1'."),
        ([HEAD, '{"at": NaN, "what": "done"}'], "Line 2 of * is no line of a journey: its at cannot be nan."),
        (
            [HEAD, '{"at": 1, "what": "queued", "number": -1}'],
            "Line 2 of * is no line of a journey: its number cannot be -1.",
        ),
        ([HEAD, " " * 10_001], "Line 2 of * is no line of a journey: it has more than 10000 characters."),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_number_of_the_line(tmp_path, lines, says):
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=f"^{re.escape(says.replace('*', str(path)))}$"):
        Journey.load(path)


def test_fields_that_are_not_known_are_left_alone(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(f'{HEAD[:-1]}, "by": "somebody"}}\n{GOOD[:-1]}, "colour": [1]}}\n')
    assert Journey.load(path).entries == [Entry(1, "queued", "A")]


def test_it_is_bounded_and_says_when_there_was_more(tmp_path, monkeypatch):
    monkeypatch.setattr(journey_module, "MOST", 3)
    path = tmp_path / "run.jsonl"
    journey = Journey([Entry(at, "queued", "A", number=10**8) for at in (4, 3, 2, 1)])
    assert ([entry.at for entry in journey.entries], journey.cut) == ([1, 2, 3], True)
    path.write_text("\n".join([HEAD, GOOD, GOOD, GOOD]))
    assert not Journey.load(path).cut
    path.write_text("\n".join([HEAD, GOOD, GOOD, GOOD, "never looked at"]))
    assert (len(Journey.load(path).entries), Journey.load(path).cut) == (3, True)
    Journey.load(path).save(path)
    assert json.loads(path.read_text().splitlines()[0]) == {"journey": 1, "step": 5, "cut": True}


def test_no_more_than_twenty_thousand_jobs_are_followed():
    assert Journey([Entry(0, "queued", "A", number=10**8), fetched(1, "A")]).scene(2).counts() == {
        "waiting": 19_999,
        "in hand": 1,
    }


def test_the_order_in_which_it_is_told_does_not_matter():
    shuffled = random.Random(1).sample(RECOVERY, len(RECOVERY))
    assert Journey(shuffled, 5).entries == Journey(RECOVERY, 5).entries


def test_the_last_three_things_are_said_each_with_its_time():
    journey = Journey(RECOVERY, step=5)
    assert journey.said(0.5) == [(0, "Process 1 is ready, with 1 processor.")]
    assert [at for at, _ in journey.said(5)] == [3, 4, 5]
    assert journey.said(5)[-1].words == journey.words(5) == "W(1) was left behind, and is back in the queue."


@pytest.mark.parametrize("number", [1, 2])
def test_what_went_back_and_was_begun_elsewhere_before_that_was_told_is_one_job(number):
    prefetched = Entry(1, "prefetched", "W(1)", "", "Processor 0", number=3)
    taken = [fetched(2, processor="Processor 1", process="") for _ in range(number)]
    back = Entry(2.1, "given back", "W(1)", number=2)
    journey = Journey([Entry(0, "queued", "W(1)", number=3), prefetched, *taken, back], step=8)
    assert Counter(places(journey, 3).values()) == Counter({"prefetched": 1, "in hand": number, "waiting": 2 - number})
    assert len(journey.jobs) == 3


def test_what_went_back_and_was_prefetched_elsewhere_before_that_was_told_is_one_job():
    one, two = (Entry(at, "prefetched", "W(1)", "", f"Processor {at}", number=2) for at in (1, 2))
    back = Entry(2.1, "given back", "W(1)", number=2)
    journey = Journey([Entry(0, "queued", "W(1)", number=2), one, two, back], step=8)
    assert [token.now for token in journey.scene(3).tokens] == [(2, "prefetched", "", "Processor 2", None, False)] * 2
    assert {move.state for job in journey.jobs for move in job.moves} == {"waiting", "prefetched"}
    assert all([move.at for move in job.moves] == sorted(move.at for move in job.moves) for job in journey.jobs)
