"""Jobs that are put, taken, done, failed, left behind, put back, moved and sent back, in any order: none is ever lost.

Who takes jobs is a consumer of a backend of its own here. It goes when its heartbeat stops, and nobody uses it again;
it freezes when its heartbeat stops, and it goes on later as if nothing were.
"""

import contextlib
import json
import math
import os
import queue

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from luffy_lesson import step7_retries, step8_fast_queue, step9_queues, step10_process
from luffy_lesson.step9_queues import Luffy, Message, Worker

LATER = ["scheduled", "retry", "dead"]
WHO = st.integers(0, 2)
waiting = precondition(lambda self: any(map(self.raw.llen, self.queues)))
with_jobs = precondition(
    lambda self: any(map(self.raw.llen, self.queues)) or (any(self.hands) and not any(self.unsure))
)
with_dead = precondition(lambda self: self.raw.zcard("luffy:queue:dead"))


class Machine(RuleBasedStateMachine):
    url: str
    RedisBackend, bulk = step7_retries.RedisBackend, 2
    queues = ("luffy:queue",)

    def __init__(self):
        super().__init__()
        self.raw = redis.Redis.from_url(self.url)
        for key in self.raw.scan_iter("luffy:*"):
            self.raw.unlink(key)
        self.backends = [self.RedisBackend() for _ in range(3)]
        self.consumers = [backend.consumer() for backend in self.backends]
        self.keeper = Luffy.backend = self.RedisBackend()  # it takes no jobs
        self.hands = [[], [], []]  # what each has in hand, as far as it knows
        self.unsure = [False] * 3  # whether the reply to its last command was lost: it gives up what it has in hand
        self.jobs = set()  # the ids of those that must be somewhere; all others must be nowhere
        self.twice = set()  # those that somebody finished while they were also elsewhere, or in the hand of another
        self.number = 0

        class Odd(Worker):
            retries = 2

            @staticmethod
            def backoff(tries):
                return 1000

            def perform(self, *args):
                raise OSError("429")

        self.worker = Odd
        self.put("bulk")

    def teardown(self):
        for backend in [*self.backends, self.keeper]:
            backend.redis.connection_pool.disconnect()
        self.raw.close()

    # Where jobs are

    def places(self):
        """Where each job is: a list of places for each id. In-flight lists are found by name."""
        look = self.raw.pipeline(transaction=False).keys("luffy:queue*:in_flight:*")
        for queue_key in self.queues:
            look.lrange(queue_key, 0, -1)
        for later in LATER:
            look.zrange(f"luffy:queue:{later}", 0, -1)
        self.held, *looks = look.execute()
        places = dict(zip([*self.queues, *LATER], looks, strict=True))
        places |= {one.decode(): self.raw.lrange(one, 0, -1) for one in self.held}
        found = {}
        for place, payloads in places.items():
            for job in map(json.loads, payloads):
                found.setdefault(job["id"], []).append(place)
                self.sees(job, place)
        return found

    def sees(self, job, place):
        """Look at a job where it is."""

    @invariant()
    def each_job_is_in_one_place(self):
        places = self.places()
        assert self.jobs <= places.keys(), "lost"
        # At least once, and here is the more: a frozen one finished a job that had been put back, or the order to
        # remove a job was lost on its way. Then the job is done, and yet in one place, to be done again.
        assert places.keys() <= self.jobs | self.twice, "done, and yet somewhere"
        assert all(len(found) == 1 for found in places.values()), "in two places"
        assert set(self.held) <= set(self.raw.zrange("luffy:queue:hearts", 0, -1)), "in flight, and nobody looks there"

    # What happens

    def added(self, before):
        """Note what has been acknowledged."""
        self.jobs |= self.places().keys() - before

    @rule(how=st.sampled_from(["queue", "later", "bulk"]))
    def put(self, how):
        before = self.places().keys()
        self.number += 1
        if how == "queue":
            self.worker.perform_queue(self.number)
        elif how == "later":
            self.worker.perform_in(1000, self.number)
        else:
            self.worker.perform_bulk([[self.number]] * self.bulk)
        self.added(before)

    @rule(who=WHO)
    def take(self, who):
        if self.unsure[who]:
            self.hands[who], self.unsure[who] = [], False
        before = self.lists(who)
        with contextlib.suppress(queue.Empty):
            self.hands[who].append(self.consumers[who].get(block=False))
        # It knows of all that it has in hand, so nothing waits there for its heartbeat to stop.
        assert self.held_by(who) <= len(self.hands[who])
        assert not any(map(self.raw.llen, before - self.lists(who)))

    @waiting
    @rule(who=WHO)
    def take_and_lose_the_reply(self, who):
        if self.unsure[who]:
            self.hands[who] = []
        self.unsure[who] = True
        self.lose(who, "eval", True, lambda consumer: consumer.get(block=False))

    def lose(self, who, command, arrives, action):
        """Do what sends a command, lose the reply to it, or the command itself."""
        backend = self.backends[who]
        send = getattr(backend.redis, command)

        def lost(*args):
            if arrives:
                send(*args)
            raise redis.ConnectionError("lost")

        setattr(backend.redis, command, lost)
        try:
            with pytest.raises(redis.ConnectionError):
                action(self.consumers[who])
        finally:
            delattr(backend.redis, command)

    def first(self, who):
        """The job that was taken first, and whether it is in this list still, and not there because it came back."""
        job = self.hands[who].pop(0)
        here = any(self.raw.lpos(key, job.payload) is not None for key in self.lists(who))
        return job, json.loads(job.payload)["id"], here

    def lanes(self, who):
        """Through what one takes jobs: of one queue, or each of several."""
        return getattr(self.consumers[who], "lanes", [self.consumers[who]])

    def lists(self, who):
        """The in-flight lists of one, if it has used any yet."""
        return {lane.key for lane in self.lanes(who) if lane.beaten > -math.inf}

    def held_by(self, who):
        """How many jobs are in the lists of one."""
        return sum(map(self.raw.llen, self.lists(who)))

    def finishes(self, identity, here):
        self.jobs.discard(identity)
        if not here:
            self.twice.add(identity)

    def with_a_job(self, who):
        """One that has a job in hand and knows of it: `who` or the next one, or else `who` takes one."""
        able = [one for one in (who, (who + 1) % 3, (who + 2) % 3) if self.hands[one] and not self.unsure[one]]
        if not able:
            self.take(who)
        return able[0] if able else who

    @with_jobs
    @rule(who=WHO)
    def finish(self, who):
        who = self.with_a_job(who)
        _, identity, here = self.first(who)
        self.consumers[who].task_done()
        self.finishes(identity, here)

    @with_jobs
    @rule(who=WHO, arrives=st.booleans())
    def finish_and_lose_the_reply(self, who, arrives):
        who = self.with_a_job(who)
        _, identity, here = self.first(who)
        self.lose(who, "lrem", arrives, lambda consumer: consumer.task_done())
        self.unsure[who] = True
        self.finishes(identity, here and arrives)

    def failing(self, who, last):
        job, _, _ = self.first(who)
        self.worker.retries = 0 if last else 2
        with pytest.raises(OSError, match="429") as raised:
            job.perform()
        self.consumers[who].fail(job, raised.value)

    @with_jobs
    @rule(who=WHO, last=st.sampled_from([False, False, True]))
    def fail(self, who, last):
        who = self.with_a_job(who)
        self.failing(who, last)
        self.consumers[who].task_done()

    @with_jobs
    @rule(who=WHO, last=st.sampled_from([False, False, True]), arrives=st.booleans())
    def fail_and_lose_the_reply(self, who, last, arrives):
        who = self.with_a_job(who)
        self.failing(who, last)
        self.lose(who, "eval", arrives, lambda consumer: consumer.task_done())
        self.unsure[who] = True

    @rule(who=WHO)
    def freeze(self, who):
        for key in self.lists(who):
            self.raw.zadd("luffy:queue:hearts", {key: self.keeper.now() - 1})

    @with_jobs
    @rule(who=WHO)
    def freeze_with_a_job_in_hand_until_it_is_put_back(self, who):
        self.freeze(self.with_a_job(who))
        self.recover()

    @rule(who=WHO)
    def beat(self, who):
        if self.lists(who):
            self.backends[who].beat(self.consumers[who])

    @rule(who=WHO)
    def crash(self, who):
        self.freeze(who)
        self.backends[who].redis.connection_pool.disconnect()
        self.backends[who], self.hands[who], self.unsure[who] = self.RedisBackend(), [], False
        self.consumers[who] = self.backends[who].consumer()

    @rule()
    def recover(self):
        self.keeper.recover()

    @rule(who=WHO)
    def go_three_times_with_a_job_in_hand(self, who):
        for _ in range(3):
            self.take(who)
            self.crash(who)
            self.recover()

    @rule(due=st.booleans())
    def promote(self, due):
        if due:
            for later in self.keeper.later:
                for payload in self.raw.zrange(later, 0, -1):
                    self.raw.zadd(later, {payload: 1})
        self.keeper.promote()

    @with_dead
    @rule(most=st.integers(0, 2))
    def send_back_the_dead(self, most):
        dead = self.keeper.dead(most)
        assert self.keeper.requeue(*dead) == len(dead)
        assert self.keeper.requeue(*dead) == 0

    @with_dead
    @rule()
    def throw_the_latest_dead_away(self):
        for dead in self.keeper.dead(1):
            assert self.keeper.discard(dead) == 1
            self.finishes(json.loads(dead.job.payload)["id"], True)

    @rule()
    def put_back_what_waits_next(self):
        """As a program does that looks at a job, and lets it be."""
        if payload := self.raw.rpop("luffy:queue"):
            self.keeper.put(Message(payload))

    @rule()
    def all_heartbeats_stop_and_nothing_is_in_flight(self):
        for key in self.raw.zrange("luffy:queue:hearts", 0, -1):
            self.raw.zadd("luffy:queue:hearts", {key: self.keeper.now() - 1})
        self.keeper.recover()
        assert self.keeper.in_flight() == []


class MachineOfBatches(Machine):
    """The same of step 8: one that takes has one job in hand and some prefetched, and acknowledges later."""

    bulk = 10

    class RedisBackend(step8_fast_queue.RedisBackend):
        batch_lasts = 1000.0  # seconds: the size of a batch depends on what was done, and not on how long that took

    def finishes(self, identity, here):
        super().finishes(identity, False)  # until it is acknowledged it is somewhere, and may be put back

    @rule(who=WHO)
    def take(self, who):
        consumer = self.consumers[who]
        if self.unsure[who]:
            self.hands[who], self.unsure[who] = [], False
        if self.hands[who]:
            return
        with contextlib.suppress(queue.Empty):
            self.hands[who].append(consumer.get(block=False))
        assert self.held_by(who) <= sum(len(lane.taken) + len(lane.prefetched) for lane in self.lanes(who))

    def lose(self, who, command, arrives, action):
        """Do what may send a command, lose the reply to it, or the command itself. Return whether it sent one."""
        backend = self.backends[who]
        send = backend.redis.execute_command

        def lost(*args, **options):
            if arrives:
                send(*args, **options)
            raise redis.ConnectionError("lost")

        backend.redis.execute_command = lost
        try:
            action(self.consumers[who])
        except redis.ConnectionError:
            self.unsure[who] = True
            return True
        finally:
            del backend.redis.execute_command
        return False

    @waiting
    @rule(who=WHO, arrives=st.booleans())
    def take_and_lose_the_reply(self, who, arrives):
        if self.unsure[who]:
            self.hands[who], self.unsure[who] = [], False
        if not self.hands[who]:
            self.lose(who, "", arrives, lambda consumer: self.hands[who].append(consumer.get(block=False)))

    @with_jobs
    @rule(who=WHO, arrives=st.booleans())
    def finish_and_lose_the_reply(self, who, arrives):
        who = self.with_a_job(who)
        _, identity, here = self.first(who)
        self.lose(who, "", arrives, lambda consumer: consumer.task_done())
        self.finishes(identity, here)

    @with_jobs
    @rule(who=WHO)
    def finish_a_batch(self, who):
        """And so come to a larger one."""
        who = self.with_a_job(who)
        for _ in range(6):
            if self.hands[who]:
                self.finish(who)
            self.take(who)

    @rule(who=WHO)
    def close(self, who):
        self.backends[who].close()
        for lane in self.lanes(who):
            assert not lane.prefetched
            assert lane.done == lane.acknowledged
        if not self.unsure[who]:
            assert self.held_by(who) <= len(self.hands[who])

    @with_jobs
    @rule(who=WHO, arrives=st.booleans(), acknowledged=st.booleans())
    def close_in_mid_batch_and_lose_the_reply(self, who, arrives, acknowledged):
        self.finish_a_batch(who)
        if acknowledged:
            for lane in self.lanes(who):
                lane.acknowledge()
        self.lose(who, "", arrives, lambda consumer: consumer.backend.close())
        self.take(who)


class Queues:
    """Of several queues each job stays in its own, wherever it is."""

    queues = ("luffy:queues:high", "luffy:queue", "luffy:queues:low")

    def __init__(self):
        self.homes = {}  # where each job was seen first
        super().__init__()

    def sees(self, job, place):
        home = job.get("queue", "default") if place in LATER else place.partition(":in_flight:")[0]
        home = home.replace("luffy:queues:", "").replace("luffy:queue", "default")
        assert self.homes.setdefault(job["id"], home) == home, "in the queue of others"

    @rule(name=st.sampled_from(["high", "low"]), how=st.sampled_from(["queue", "later", "bulk"]))
    def put_elsewhere(self, name, how):
        self.worker.queue = name
        self.put(how)
        self.worker.queue = "default"

    @rule(key=st.sampled_from(queues))
    def push_what_does_not_say_its_queue(self, key):
        """As a program in another language does."""
        before = self.places().keys()
        self.number += 1
        self.raw.lpush(key, json.dumps({"worker": "Odd", "args": [self.number], "id": str(self.number)}))
        self.added(before)


class MachineOfQueues(Queues, MachineOfBatches):
    """The same of step 9: one that takes has a batch of one queue."""

    class RedisBackend(step9_queues.RedisBackend):
        batch_lasts = 1000.0

        def __init__(self):
            super().__init__(queues={"high": 3, "default": 2, "low": 1})


class MachineOfProcesses(MachineOfQueues):
    """The same of step 10: one that takes may have to end at a deadline."""

    class RedisBackend(step10_process.RedisBackend):
        batch_lasts = 1000.0

        def __init__(self):
            super().__init__(queues={"high": 3, "default": 2, "low": 1})

    @with_jobs
    @rule(who=WHO, raises=st.booleans())
    def deadline(self, who, raises):
        """What is in hand goes back, while its thread goes on, and changes nothing any more."""
        who = self.with_a_job(who)
        job, _, _ = self.first(who)
        assert self.consumers[who].give_up_all()
        assert self.held_by(who) == 0
        before = self.places()
        self.goes_on(who, job, raises)
        assert self.places() == before
        self.crash(who)

    @with_jobs
    @rule(who=WHO, arrives=st.booleans(), raises=st.booleans())
    def deadline_and_lose_the_reply(self, who, arrives, raises):
        """As long as the process lives, what could not be given back may still be acknowledged when it is done."""
        who = self.with_a_job(who)
        job, identity, _ = self.first(who)
        self.lose(who, "", arrives, lambda consumer: consumer.give_up_all())
        self.goes_on(who, job, raises)
        if not raises:
            self.finishes(identity, False)
        self.crash(who)

    def goes_on(self, who, job, raises):
        """Let a thread do the job that it has in hand."""
        if raises:
            with pytest.raises(OSError, match="429") as raised:
                job.perform()
            self.consumers[who].fail(job, raised.value)
        self.consumers[who].task_done()


class MachineByHand(Queues, Machine):
    """The same of step 9: one that takes by hand has jobs of several queues in hand."""

    class RedisBackend(step9_queues.RedisBackend):
        def __init__(self):
            super().__init__(queues=["high", "default", "low"])

        def consumer(self):
            one = super().consumer()
            for lane in one.lanes:
                lane.prefetches = False
            return one


MACHINES = [(Machine, 30), (MachineOfBatches, 30), (MachineOfQueues, 10), (MachineOfProcesses, 10), (MachineByHand, 10)]


@pytest.mark.parametrize(("machine", "examples"), MACHINES)
def test_no_job_is_ever_lost_or_in_two_places(admin_url, redis_url, registry, machine, examples, monkeypatch):
    monkeypatch.setattr(machine, "url", admin_url, raising=False)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Who only asks whether it fails need not wait for the shortest example: that takes up to five minutes.
            phases=set(Phase) - {Phase.shrink, Phase.explain} if "ANY_EXAMPLE" in os.environ else tuple(Phase),
        ),
    )
