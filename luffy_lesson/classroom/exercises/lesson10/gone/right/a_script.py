import json

READ = """
local now = redis.call('TIME')
return {now[1], now[2], redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'), redis.call('HGETALL', KEYS[2])}"""


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def gone(connection, key):
    seconds, micro, heartbeats, entries = connection.eval(READ, 2, key, key + ":info")
    now = float(seconds) + float(micro) / 1e6
    heartbeats, entries = pairs(heartbeats), pairs(entries)
    lost = {}
    for id in list(heartbeats) + list(entries):
        if float(heartbeats.get(id, "-inf")) <= now:
            lost[id] = jobs(entries.get(id))
    return lost


def jobs(entry):
    try:
        info = json.loads(entry or b"")
    except Exception:
        info = None
    match info:
        case {"busy": list(busy)}:
            return [job for job in busy if type(job) is str]
    return []
