import json


def gone(connection, key):
    seconds, microseconds = connection.time()
    now = seconds + microseconds * 1e-6
    with connection.pipeline(transaction=True) as pipe:
        alive, stopped, entries = (
            pipe.zrangebyscore(key, now, "+inf").zrangebyscore(key, "-inf", f"({now}").hgetall(f"{key}:info").execute()
        )
    found = {}
    for name in {*stopped, *entries} - set(alive):
        found[name] = []
        try:
            loaded = json.loads(entries[name])
            if isinstance(loaded, dict) and isinstance(loaded.get("busy"), list):
                found[name] += filter(lambda job: isinstance(job, str), loaded["busy"])
        except (KeyError, ValueError):
            pass
    return found
