"""The words of the course: one list, which the notebooks show and use."""

from luffy_lesson.classroom.page.display import show_text

WORDS = {
    "worker": "a class with a method `perform`: something that can be done",
    "job": "one call to a worker: the worker and the arguments",
    "caller": "the code that wants something done",
    "thread": "a second line of execution in the same program",
    "main thread": "the line of execution that a program starts with; a notebook's cells run in it",
    "backend": "where jobs wait",
    "queue": "what gives out jobs in the order in which they came; from lesson 9 on, a backend has several",
    "enqueue": "put a job in the queue",
    "processor": "a thread that takes jobs and performs them; its name, like `Processor 3`, stands before its lines",
    "in hand": "taken by a processor, and not finished",
    "pool": "the processors that were started together",
    "round": "as many jobs as there are processors, done at the same time",
    "producer": "whoever puts jobs in a queue",
    "consumer": "whoever takes them out: our processors; from lesson 5 on, the `Consumer` through which one does so",
    "backpressure": "a full queue makes the producer wait, so that it cannot outrun the consumers",
    "payload": "a job written down as text, so that it can be sent",
    "message": "a job as it travels: its payload",
    "in flight": "in hand, seen from the queue: taken, and not finished",
    "acknowledge": "say that a job is finished",
    "in-flight list": "where Redis keeps what a consumer has taken, until it is acknowledged",
    "heartbeat": "a sign of life, given again and again; who gives none for too long is taken to be gone",
    "keeper": "a thread that beats for the processors of its pool, and puts back what others have left behind",
    "sorted set": "what Redis keeps in the order of a number, the score of each member",
    "at most once": "never twice, perhaps not at all: a job is forgotten before it is done",
    "at least once": "never lost, perhaps twice: a job is forgotten after it is done",
    "idempotent": "harmless when it is done twice",
    "dead": "given up on, and kept for a person to look at, in the *dead set*",
    "scheduled": "kept for later, in the *scheduled set*",
    "due": "its time has come",
    "poller": "a thread that looks for what is due",
    "retry": "another try of a job that has raised; until then it is in the *retry set*",
    "backoff": "how long to wait before a retry: longer each time",
    "jitter": "the random part of a wait, so that those that failed together come back apart",
    "requeue": "send a dead job back to the queue",
    "round trip": "a question to the server and the answer to it",
    "batch": "jobs that are taken in one round trip",
    "prefetched": "taken, and not begun",
    "Little's law": "on average as many jobs are in hand as come in a second, times the seconds that each takes",
    "utilisation": "for how much of the time the processors are busy",
    "priority": "which of several queues comes first; in *strict* order, always",
    "weight": "how often a queue comes first, compared with the others",
    "starve": "wait as long as others come, because they are always first",
    "latency": "how long the job that a queue gives out next has waited",
    "expire": "become too late to be of use: such a job is not performed",
    "unique": "the only one of its kind: while there is such a job, an equal one is not added",
    "signal": "a number that the operating system hands to a process; `TERM` means: please end",
    "quiet": "at work on what is in hand, and taking no more",
    "deadline": "until when jobs in hand may finish when a process is to end; what is not done then goes back",
    "exit code": "a number that a process leaves when it ends: 0 when that was in order",
    "GIL": "the global interpreter lock: of the threads of a process, one runs Python code, the others wait for it",
    "supervisor": "a process that starts others, hands on signals, and replaces those that die",
    "registry": "where each process tells of itself, again and again, so that others can see it",
    "middleware": "what goes around each job, and may time, change or skip it",
    "metrics": "counts and durations that a program offers, so that others can watch it",
    "dashboard": "a page on which an operator sees the system, and acts on it",
    "engine": "a job system that others have written and many run: Celery, Dramatiq, RQ, Huey, Sidekiq",
    "broker": "the server in which an engine's jobs wait",
    "adapter": "what makes one thing usable in the place of another: a backend that hands jobs to an engine",
    "visibility timeout": "how long a job may be in hand before somebody else gets it: a guess in place of a heartbeat",
}
"""Each word and what it means, in the order in which the course needs them."""


def words(*names: str) -> None:
    """Display words of the course with their meaning.

    Args:
        names: which; none for all.

    Raises:
        KeyError: for a word that is not in the list.
    """
    text = "\n".join(f"- **{name}**: {WORDS[name]}" for name in names or WORDS)
    show_text(text, markdown=text)
