# must fail at: says nothing of who lives
import json


def jobs_of(entry):
    try:
        busy = json.loads(entry)["busy"]
    except (ValueError, TypeError, KeyError):
        return []
    return [job for job in busy if isinstance(job, str)] if isinstance(busy, list) else []


def gone(connection, key):
    pipe = connection.pipeline()
    pipe.time()
    pipe.zrange(key, 0, -1, withscores=True)
    pipe.hgetall(f"{key}:info")
    (seconds, microseconds), heartbeats, entries = pipe.execute()
    now, until = seconds + microseconds / 1e6, dict(heartbeats)
    return {id: jobs_of(entries.get(id, "null")) for id in until.keys() | entries.keys() if until.get(id, 0) < now} or None
