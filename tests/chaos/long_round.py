"""The long round: `python tests/chaos/long_round.py --minutes 10`. It prints a table, and fails when a job is lost."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from chaos_worker import SYSTEMS  # noqa: E402
from harness import FAULTS, HEADING, Outcome, play  # noqa: E402

HOW_MANY = {
    "kill": 40, "freeze": 4, "crash": 20, "network": 2, "refuse": 12, "full": 6, "fork": 20, "power": 12, "all": 3,
    "signal": 40,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="begin no round after that")
    parser.add_argument(
        "--least", type=int, nargs=2, default=[0, 0], metavar=("JOBS", "FAULTS"), help="unless there were not so many"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jobs", type=int, default=2000, help="in each round, at least")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    parser.add_argument("--step", choices=SYSTEMS, default="7", help="whose backend")
    options = parser.parse_args()
    end, problems, seed = time.monotonic() + 60 * options.minutes, [], options.seed
    total = Outcome("total", seed)

    def over() -> bool:
        enough = total.jobs >= options.least[0] and total.faults.total() >= options.least[1]
        return enough and time.monotonic() > end

    print(f"Again: {parser.prog} --seed {seed} --jobs {options.jobs}\n{HEADING}", flush=True)
    while not over():
        for fault in options.faults:
            if over():
                break
            with tempfile.TemporaryDirectory(prefix="luffy_lesson_chaos_") as folder:
                outcome = play(fault, seed, options.jobs, HOW_MANY[fault], Path(folder), options.step)
            print(outcome, flush=True)
            total += outcome
            problems += [f"{fault}, seed {seed}: {problem}" for problem in outcome.problems()]
        seed += 1
    print(total)
    sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
