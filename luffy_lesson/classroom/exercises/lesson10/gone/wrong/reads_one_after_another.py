# must fail at: who comes or leaves meanwhile is not gone
import json


def jobs_of(entry):
    try:
        busy = json.loads(entry)["busy"]
    except (ValueError, TypeError, KeyError):
        return []
    return [job for job in busy if isinstance(job, str)] if isinstance(busy, list) else []


def gone(connection, key):
    seconds, microseconds = connection.time()
    now, until = seconds + microseconds / 1e6, dict(connection.zrange(key, 0, -1, withscores=True))
    entries = connection.hgetall(f"{key}:info")
    return {id: jobs_of(entries.get(id, "null")) for id in until.keys() | entries.keys() if until.get(id, 0) < now}
