import json


def jobs_of(entry):
    try:
        busy = json.loads(entry)["busy"]
    except (ValueError, TypeError, KeyError):  # no JSON, no object, no such field
        return []
    return [job for job in busy if isinstance(job, str)] if isinstance(busy, list) else []


def gone(connection, key):
    pipe = connection.pipeline()  # a transaction: all is of one moment
    pipe.time()
    pipe.zrange(key, 0, -1, withscores=True)
    pipe.hgetall(f"{key}:info")
    (seconds, microseconds), heartbeats, entries = pipe.execute()
    now, until = seconds + microseconds / 1e6, dict(heartbeats)
    everybody = until.keys() | entries.keys()
    return {id: jobs_of(entries.get(id, "null")) for id in everybody if until.get(id, 0) < now}
