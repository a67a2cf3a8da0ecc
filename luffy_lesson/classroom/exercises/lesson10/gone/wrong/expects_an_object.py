# must fail at: what cannot be read is nothing in hand
import json


def jobs_of(entry):
    try:
        return [job for job in json.loads(entry).get("busy", []) if isinstance(job, str)]
    except ValueError:
        return []


def gone(connection, key):
    pipe = connection.pipeline()
    pipe.time()
    pipe.zrange(key, 0, -1, withscores=True)
    pipe.hgetall(f"{key}:info")
    (seconds, microseconds), heartbeats, entries = pipe.execute()
    now, until = seconds + microseconds / 1e6, dict(heartbeats)
    return {id: jobs_of(entries.get(id, "{}")) for id in until.keys() | entries.keys() if until.get(id, 0) < now}
