"""What every backend does: the standard library's own queue is the measure, and each test runs on all of them."""

import functools
import itertools
import math
import queue
import threading

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reliable import ON_REDIS, outermost

from luffy_lesson import step4_redis_queue
from luffy_lesson.host.steps import step
from luffy_lesson.step3_memory_queue import Job
from luffy_lesson.step4_redis_queue import Worker

REDIS = {system.__name__.rpartition(".")[2]: system.RedisBackend for system in ON_REDIS.values()}
THREE_QUEUES = functools.partial(step().RedisBackend, queues=["high", "default", "low"])
CLUSTER = functools.partial(step().RedisBackend, hash_tag="luffy")
BACKENDS = [*outermost(REDIS), pytest.param(THREE_QUEUES, id="three queues"), pytest.param(CLUSTER, id="a cluster")]


@pytest.fixture
def same(registry):
    """A worker that returns what it is given."""

    class Same(Worker):
        def perform(self, value):
            return value

    return lambda value: Job(Same, (value,))


@pytest.fixture(params=[queue.Queue, *BACKENDS])
def backend(request):
    if request.param is queue.Queue:
        return queue.Queue()
    return backend_of(request)


@pytest.fixture(params=BACKENDS)
def redis_backend(request):
    return backend_of(request)


def backend_of(request):
    if request.param is CLUSTER:
        nodes = request.getfixturevalue("nodes")
        return CLUSTER(redis.Redis(port=nodes.ports[nodes.other()]))
    request.getfixturevalue("redis_url")
    return request.param()


def test_jobs_are_taken_in_the_order_in_which_they_were_put(backend, same):
    for number in range(5):
        backend.put(same(number))
    assert [backend.get().perform() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_order_is_kept_when_putting_and_taking_alternate(backend, same):
    taken = []
    for number in range(0, 10, 2):
        backend.put(same(number))
        backend.put(same(number + 1))
        taken.append(backend.get(block=False).perform())
    assert taken == [0, 1, 2, 3, 4]


def test_get_without_blocking_on_an_empty_queue_raises_empty(backend):
    with pytest.raises(queue.Empty):
        backend.get(block=False)


@pytest.mark.parametrize("timeout", [0, 1e-9, 1e-6, 0.0004, 0.01])  # Redis rounds, and 0 is for ever there
def test_get_raises_empty_after_a_timeout_however_short(backend, same, aside, timeout):
    got = aside(backend.get, timeout=timeout)
    try:
        with pytest.raises(queue.Empty):
            got.result(timeout=10)
    finally:
        backend.put(same("ends a get that hangs"))


@pytest.mark.parametrize("timeout", [0, 1e-6, 0.01, 5, None])
def test_get_with_a_timeout_takes_a_job_that_is_there(backend, same, timeout):
    backend.put(same("here"))
    assert backend.get(timeout=timeout).perform() == "here"


@pytest.mark.parametrize("timeout", [-1, -1e-6, -math.inf])
def test_a_negative_timeout_is_refused_and_takes_nothing(backend, same, timeout):
    backend.put(same(1))
    with pytest.raises(ValueError, match="non-negative"):
        backend.get(timeout=timeout)
    assert backend.qsize() == 1


def test_a_negative_timeout_is_ignored_without_blocking(backend, same):
    backend.put(same(1))
    assert backend.get(block=False, timeout=-1).perform() == 1
    with pytest.raises(queue.Empty):
        backend.get(False, -1)


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_get_that_waits_takes_a_job_that_is_put_later(backend, same, aside, timeout):
    got = aside(backend.get, timeout=timeout)
    with pytest.raises(TimeoutError):
        got.result(timeout=0.05)  # it waits by now
    backend.put(same("later"))
    assert got.result(timeout=10).perform() == "later"


def test_each_of_several_that_wait_takes_a_job_of_its_own(backend, same, aside):
    got = [aside(backend.get, timeout=30) for _ in range(3)]
    for number in range(3):
        backend.put(same(number))
    assert sorted(future.result(timeout=10).perform() for future in got) == [0, 1, 2]


def test_qsize_is_how_many_wait(backend, same):
    sizes = [backend.qsize()]
    for number in range(3):
        backend.put(same(number))
        sizes.append(backend.qsize())
    backend.get()
    assert [*sizes, backend.qsize()] == [0, 1, 2, 3, 2]


def test_join_waits_while_a_job_waits_and_returns_when_all_are_taken_and_done(backend, same, aside):
    backend.put(same(1))
    backend.put(same(2))
    joined = aside(backend.join)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            joined.result(timeout=0.1)
        backend.get()
        backend.task_done()
    joined.result(timeout=10)


def test_join_on_an_empty_queue_returns(backend, aside):
    aside(backend.join).result(timeout=10)


def test_fifty_threads_at_once_lose_nothing_and_take_nothing_twice(backend, same, aside):
    each, everybody = 10, threading.Barrier(50)

    def put(first):
        everybody.wait(20)
        for number in range(first, first + each):
            backend.put(same(number))

    def take():
        everybody.wait(20)
        return [backend.get(timeout=20).perform() for _ in range(each)]

    putting = [aside(put, number * each) for number in range(25)]
    taking = [aside(take) for _ in range(25)]
    for future in putting:
        future.result(timeout=30)
    taken = itertools.chain.from_iterable(future.result(timeout=30) for future in taking)
    assert sorted(taken) == list(range(25 * each))
    assert backend.qsize() == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # one backend, empty after each
@given(value=JSON)
def test_arguments_arrive_as_they_were(redis_backend, same, value):
    redis_backend.put(same(value))
    arrived = redis_backend.get(timeout=10).perform()
    assert repr(arrived) == repr(value)  # 1, 1.0 and True are equal, and yet not the same


def lists(levels, inside="[{"):
    """Lists in lists, so many levels of them."""
    for _ in range(levels):
        inside = [inside]
    return inside


FLAT = {
    "62 levels, beside the job's own and that of its arguments": lists(62),
    "objects among them": {"a": {"b": lists(60)}},
    "many beside each other": [lists(30), {}] * 100,
    "in a string": "[{" * 100 + "\\",
    "in a string, behind quotes": ['"[', "\\", '\\"[{', "\\\\"] * 100,
}


@pytest.mark.parametrize("value", FLAT.values(), ids=FLAT)
def test_arguments_of_64_levels_arrive(redis_backend, same, value):
    redis_backend.put(same(value))
    assert redis_backend.get(timeout=10).perform() == value


@pytest.mark.parametrize("levels", [63, 300, 5000, 100_000])
def test_arguments_of_more_than_64_levels_are_refused_on_every_python(redis_backend, same, levels):
    with pytest.raises(TypeError, match=r"^Same: use only arguments that JSON has, 64 levels at most \("):
        redis_backend.put(same(lists(levels)))
    assert redis_backend.qsize() == 0


def test_many_levels_beside_each_other_arrive_from_elsewhere_in_any_encoding_of_json(redis_backend, same):
    same(1)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32-be"):
        payload = f'{{"worker": "Same", "args": [{[[]] * 100}]}}'.encode(encoding)
        redis_backend.put(step4_redis_queue.Message(payload))
        assert redis_backend.get(timeout=10).perform() == [[]] * 100


@pytest.mark.parametrize("where", ['"args": [%s]', '"args": [1], "elsewhere": [%s], "elsewhere": 1', '"%s'])
@pytest.mark.parametrize("levels", [63, 300, 50_000])
def test_a_job_of_more_than_64_levels_from_elsewhere_is_none_on_every_python(redis_backend, same, where, levels):
    same(1)
    payload = b'{"worker": "Same", ' + (where % ("[" * levels + "]" * levels)).encode() + b"}"
    redis_backend.put(step4_redis_queue.Message(payload))
    with pytest.raises(ValueError, match="more than 64 levels deep" if "args" in where else "Unterminated string"):
        redis_backend.get(timeout=10).perform()
