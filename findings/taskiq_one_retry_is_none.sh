#!/usr/bin/env bash
# taskiq 0.13.0.
#
# Guess: max_retries=1 performs a failing task twice, once and one more time, as in Celery, Dramatiq, Huey and RQ, where
# a task is tried once more than the number says; taskiq's documentation calls it the number of retry attempts, too.
# Behaviour: the first attempt counts as well, with both of its middlewares: 1 is the same as 0, no retry at all.
#
# Output seen:
#   SimpleRetryMiddleware, max_retries 0, 1, 2, 3: performed 1, 1, 2, 3 times
#   SmartRetryMiddleware, max_retries 0, 1, 2, 3: performed 1, 1, 2, 3 times
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet taskiq==0.13.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import logging

import taskiq

logging.disable()


async def performed(middleware, most):
    broker = taskiq.InMemoryBroker().with_middlewares(middleware)
    times = 0

    @broker.task(retry_on_error=True, max_retries=most)
    async def fail():
        nonlocal times
        times += 1
        raise ValueError

    await broker.startup()
    await fail.kiq()
    before = -1
    while times > before:
        before = times
        await asyncio.sleep(1)
        await broker.wait_all()
    await broker.shutdown()
    return times


async def main():
    smart = taskiq.SmartRetryMiddleware(default_delay=0, use_jitter=False, use_delay_exponent=False)
    for middleware in (taskiq.SimpleRetryMiddleware(), smart):
        counts = [await performed(middleware, most) for most in range(4)]
        name, text = type(middleware).__name__, ", ".join(map(str, counts))
        print(f"{name}, max_retries 0, 1, 2, 3: performed {text} times")
        assert counts == [1, 1, 2, 3], counts


asyncio.run(main())
PYTHON
