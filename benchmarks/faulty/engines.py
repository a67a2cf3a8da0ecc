"""Which engines are tried, with which settings, and with which faults."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

AWAY = 10  # seconds for which the server is away
GRACE = 10  # seconds between TERM and KILL: Docker's
LONG = 80  # seconds that the job takes that is too long
PATIENCE = 20  # seconds, to which the long waits of engines are scaled


@dataclass(frozen=True)
class Fault:
    """Something that happens to a worker, or to a job."""

    title: str
    clock: str  # from when the seconds count


FAULTS = {
    "kill_job": Fault("kill -9 of the process with the job", "the kill"),
    "kill_all": Fault("kill -9 of everything, a new worker", "the kill"),
    "stop": Fault("asked to stop, the job takes 4 s more", "the signal"),
    "term": Fault(f"TERM, KILL after {GRACE} s, a new worker; the job takes longer", "the end of the worker"),
    "away_running": Fault(f"the server is away for {AWAY} s, the job ends meanwhile", "the return of the server"),
    "away_waiting": Fault(f"the server is away for {AWAY} s, the job waits", "the return of the server"),
    "too_long": Fault("a job longer than the engine's patience", "its first begin"),
    "exit": Fault("sys.exit() in the job", "its first begin"),
    "scheduled": Fault("a scheduled job: kill -9 of everything before it is due, a new worker", "when it is due"),
    "poison": Fault("a job that kills its process each time", "its first begin"),
}
GROUPS = {"away_running": "away", "away_waiting": "away"}
"""The faults that one run tries together."""


@dataclass(frozen=True)
class Engine:
    """An engine on a server: the commands of its worker, and how it is told to stop."""

    name: str
    app: str
    command: Callable[[int, bool, bool], list[str]]  # of how many jobs at once, whether it is to be safe, and scaled
    server: str = "redis"
    stop: signal.Signals = signal.SIGTERM
    settings: tuple[str, ...] = ("defaults", "safest")
    environment: dict[str, str] = field(default_factory=dict)
    queues: tuple[str, ...] = ()  # on RabbitMQ
    dead: tuple[str, ...] = ()  # what the names of places begin with where jobs are kept as failed
    not_there: tuple[str, ...] = ()  # faults that it has nothing for
    traffic: bool = False  # whether it looks for what is left behind only when other jobs come
    safest: str = ""


def python(*arguments: str) -> list[str]:
    """Return a command of this Python."""
    return [sys.executable, "-m", *arguments]


def celery(count: int, *_: bool) -> list[str]:
    """Return the command of Celery's worker."""
    return python("celery", "-A", "celery_app", "worker", "-c", str(count))


def dramatiq(count: int, *_: bool) -> list[str]:
    """Return the command of Dramatiq's worker."""
    return python("dramatiq", "dramatiq_app", "--processes", str(count), "--threads", "1")


def rq(_: int, safest: bool, scaled: bool) -> list[str]:
    """Return the command of RQ's worker: it does one job at a time."""
    if safest:
        options = ["--with-scheduler", "--maintenance-interval", "10", "--worker-ttl", "30"]
    else:
        options = ["--maintenance-interval", "30", "--worker-ttl", "35"] if scaled else []
    return python("rq.cli", "worker", *options)


def huey(count: int, safest: bool, _: bool) -> list[str]:
    """Return the command of Huey's consumer."""
    return python("huey.bin.huey_consumer", "huey_app.huey", "-w", str(count), *(["-g", "TERM"] * safest))


def taskiq(count: int, *_: bool) -> list[str]:
    """Return the command of taskiq's worker."""
    return python("taskiq", "worker", "taskiq_app:broker", "--workers", str(count), "--max-threadpool-threads", "1")


def sidekiq(count: int, *_: bool) -> list[str]:
    """Return the command of Sidekiq."""
    return ["sidekiq", "-r", "./sidekiq_app.rb", "-c", str(count)]


def luffy(step: int) -> Callable[[int, bool, bool], list[str]]:
    """Return the command of a worker process of a step."""

    def command(count: int, safest: bool, _: bool) -> list[str]:
        options = ["-c", str(count), "--step", str(step)]
        if safest:
            options = [
                "-c",
                "1",
                "--processes",
                str(count),
                "--beat-every",
                "1",
                "--gone-after",
                "5",
                "--deadline",
                "8",
            ]
        return python("luffy_lesson", "work", "luffy_app.py", *options)

    return command


LATE = "task_acks_late, task_reject_on_worker_lost, worker_prefetch_multiplier=1"
ENGINES = {
    "celery-redis": Engine(
        "Celery, Redis", "celery_app", celery,
        safest=f"{LATE}, unacked_restore_throttle=1",
    ),
    "celery-rabbitmq": Engine(
        "Celery, RabbitMQ", "celery_app", celery, "rabbitmq", queues=("celery",),
        safest=LATE,
    ),
    "dramatiq-redis": Engine(
        "Dramatiq, Redis", "dramatiq_app", dramatiq, dead=("dramatiq:default.XQ",),
        safest="heartbeat_timeout=10 s, maintenance_chance=1,000,000, time_limit=inf",
    ),
    "dramatiq-rabbitmq": Engine(
        "Dramatiq, RabbitMQ", "dramatiq_app", dramatiq, "rabbitmq", queues=("default", "default.DQ", "default.XQ"),
        dead=("default.XQ",),
        safest="confirm_delivery, time_limit=inf",
    ),
    "rq": Engine(
        "RQ", "rq_app", rq, dead=("rq:failed:",),
        safest="Retry(3), job_timeout=-1, --with-scheduler, --maintenance-interval 10, --worker-ttl 30",
    ),
    "huey": Engine(
        "Huey", "huey_app", huey, stop=signal.SIGINT, safest="retries=3, interrupted jobs put back, -g TERM"
    ),
    "taskiq": Engine(
        "taskiq, stream", "taskiq_app", taskiq,
        settings=("defaults",), not_there=("scheduled",), traffic=True,
    ),
    "sidekiq": Engine(
        "Sidekiq", "sidekiq_app.rb", sidekiq, settings=("defaults",), dead=("dead",),
    ),
} | {
    f"luffy{step}": Engine(
        f"luffy, step {step}", "luffy_app", luffy(step),
        settings=("defaults", "safest") if step == 10 else ("defaults",),
        environment={"FAULTS_STEP": str(step)},
        dead=("luffy:queue:dead",),
        not_there=("scheduled",) if step < 6 else (),
        safest="--processes 2, --beat-every 1, --gone-after 5, --deadline 8" if step == 10 else "",
    )
    for step in (4, 5, 7, 8, 10)
}  # fmt: skip


def watched(engine: str, settings: str, fault: str, scaled: bool) -> float:
    """Return for how many seconds a job is watched at most, after a fault."""
    # Dramatiq looks by chance on Redis. That is not scaled: few seconds or many, they are what users wait.
    slow = {"rq": 130 if scaled else 1000, "dramatiq-redis": 1600 if settings == "defaults" else 60}
    heartbeat = engine.startswith("luffy") and engine != "luffy4"
    if heartbeat:
        slow[engine] = 100
    if engine.startswith("celery-redis"):
        slow[engine] = 160  # 20 s, and then it looks once in 100 s
    if fault == "poison":
        return {"luffy10": 40 if settings == "safest" else 270}.get(engine, 270 if heartbeat else 90)
    if fault == "exit":
        return 45
    if fault == "too_long":
        return 2 * LONG + (0 if scaled else 1400)
    return max(slow.get(engine, 45), 90 if fault == "away" else 0)


VISIBILITY = f"visibility_timeout 3600 s → {PATIENCE} s"
CONSUMER = f"RabbitMQ's consumer_timeout 1800 s → {PATIENCE} s, looked at each 5 s and not each 60 s"
MAINTENANCE = "maintenance interval 600 s → 30 s, worker-ttl 420 s → 35 s"
IDLE = f"idle_timeout 600 s → {PATIENCE} s; another job comes each 5 s, for only then does it look"
LIMIT = f"time_limit 600 s → {PATIENCE} s"
SCALED = {
    ("celery-redis", "defaults"): dict.fromkeys(("too_long", "away_waiting", "scheduled"), VISIBILITY),
    ("celery-redis", "safest"): dict.fromkeys(
        ("kill_all", "term", "away_running", "away_waiting", "too_long", "scheduled"), VISIBILITY
    ),
    ("celery-rabbitmq", "defaults"): {"too_long": CONSUMER},
    ("celery-rabbitmq", "safest"): {"too_long": CONSUMER},
    ("dramatiq-redis", "defaults"): {"too_long": LIMIT},
    ("dramatiq-rabbitmq", "defaults"): {"too_long": LIMIT},
    ("dramatiq-rabbitmq", "safest"): {"too_long": CONSUMER},
    ("rq", "defaults"): dict.fromkeys(("kill_all", "term"), MAINTENANCE)
    | {"too_long": f"job_timeout 180 s → {PATIENCE} s"},
    ("taskiq", "defaults"): dict.fromkeys(("kill_job", "kill_all", "term", "too_long", "poison"), IDLE),
}
"""Which long waits of an engine are scaled, from what to what, where that matters to a fault."""

UNSCALED = {
    "rq": ("kill_all", "too_long"),
    "dramatiq-redis": ("too_long",),
    "dramatiq-rabbitmq": ("too_long",),
}
"""What is tried with `--unscaled`, at its defaults: the waits that fit in 30 minutes."""

CELERY_STOP = "TERM waits without a limit; QUIT, or REMAP_SIGTERM=SIGQUIT with worker_soft_shutdown_timeout, does not"
STEP_5 = "gone_after (60 s)"
SETTINGS = {
    "celery": {
        "kill_job": "task_acks_late and task_reject_on_worker_lost",
        "kill_all": "task_acks_late",
        "stop": CELERY_STOP,
        "term": f"task_acks_late. {CELERY_STOP}",
        "away_running": "task_acks_late; worker_cancel_long_running_tasks_on_connection_loss ends such jobs",
        "away_waiting": "worker_prefetch_multiplier (4): what was taken ahead waits for the worker",
        "exit": "task_reject_on_worker_lost makes it endless; max_retries does not bound it",
        "poison": "task_reject_on_worker_lost makes it endless; max_retries does not bound it",
    },
    "celery-redis": {
        "kill_all": "task_acks_late, then visibility_timeout (3600 s), and unacked_restore_interval (10 s) times "
        "unacked_restore_throttle (10)",
        "too_long": "visibility_timeout (3600 s), with task_acks_late",
        "scheduled": "visibility_timeout (3600 s), unacked_restore_throttle (10)",
        "away_running": "task_acks_late; the worker ends when it has jobs that were taken ahead",
        "away_waiting": "worker_prefetch_multiplier (4): what was taken ahead waits for visibility_timeout (3600 s)",
    },
    "celery-rabbitmq": {"too_long": "RabbitMQ's consumer_timeout (1800 s), with task_acks_late"},
    "dramatiq": {
        "stop": "--worker-shutdown-timeout (600 s)",
        "term": "--worker-shutdown-timeout (600 s) below the grace",
        "exit": "max_retries (20), min_backoff (15 s)",
        "poison": "nothing: max_retries does not bound it",
    },
    "dramatiq-redis": {
        "*": "heartbeat_timeout (60 s), maintenance_chance (1,000 in a million commands)",
        "too_long": "time_limit (600 s)",
        "away_running": "",
        "away_waiting": "",
    },
    "dramatiq-rabbitmq": {
        "*": "nothing: RabbitMQ has it back when the connection ends",
        "too_long": "time_limit (600 s), then RabbitMQ's consumer_timeout (1800 s)",
        "scheduled": "",
    },
    "rq": {
        "kill_job": "Retry",
        "kill_all": "Retry, --maintenance-interval (600 s), --worker-ttl (420 s); its heartbeat is 90 s",
        "term": "as when everything is killed",
        "too_long": "job_timeout (180 s)",
        "exit": "Retry",
        "scheduled": "--with-scheduler",
        "poison": "Retry bounds it",
        "away_running": "something that starts the worker again",
        "away_waiting": "something that starts the worker again",
    },
    "huey": {
        "kill_job": "nothing",
        "kill_all": "nothing",
        "stop": "-g: INT is its signal, TERM gives up",
        "term": "-g TERM; what is still at work at the end of the grace is lost",
        "exit": "nothing: catch it in the job",
        "poison": "nothing",
    },
    "taskiq": {
        "*": "idle_timeout (600 s), and other jobs that come",
        "stop": "nothing: each process waits for one job more",
        "exit": "",
    },
    "sidekiq": {
        "kill_job": "Sidekiq Pro",
        "kill_all": "Sidekiq Pro",
        "stop": "-t (25 s)",
        "term": "-t (25 s) below the grace",
        "exit": "retry (25 times)",
        "poison": "Sidekiq Pro",
    },
    "luffy4": {
        "kill_job": "step 5",
        "kill_all": "step 5",
        "stop": "--deadline (25 s)",
        "term": "step 5",
        "exit": "step 7",
        "poison": "step 5",
    },
    "luffy": {
        "kill_job": STEP_5,
        "kill_all": STEP_5,
        "stop": "--deadline (25 s)",
        "term": STEP_5,
        "away_running": "nothing: at least once",
        "exit": "retries (25), backoff",
        "poison": f"most_crashes (3), {STEP_5}",
    },
    "luffy5": {"exit": "step 7"},
    "luffy10": {"term": f"--deadline (25 s) below the grace, else {STEP_5}", "kill_job": f"{STEP_5}, --processes"},
}
"""Which setting changes what a fault does: of an engine on one server, else of an engine. `*`: all other faults."""


def what_changes(key: str, fault: str) -> str:
    """Return which setting changes what a fault does to an engine; an empty text where there is none to tell."""
    family = "luffy" if key.startswith("luffy") and key != "luffy4" else key.partition("-")[0]
    own, shared = SETTINGS.get(key, {}), SETTINGS.get(family, {})
    return own.get(fault, shared.get(fault, own.get("*", "")))
