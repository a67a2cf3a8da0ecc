# must fail at: what cannot be read is nothing in hand
import json


def gone(connection, key):
    pipe = connection.pipeline()
    pipe.time()
    pipe.zrange(key, 0, -1, withscores=True)
    pipe.hgetall(f"{key}:info")
    (seconds, microseconds), heartbeats, entries = pipe.execute()
    now, until = seconds + microseconds / 1e6, dict(heartbeats)
    return {
        id: json.loads(entries.get(id, '{"busy": []}'))["busy"]
        for id in until.keys() | entries.keys()
        if until.get(id, 0) < now
    }
