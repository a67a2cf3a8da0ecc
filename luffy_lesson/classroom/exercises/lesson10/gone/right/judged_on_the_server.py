import json

SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local found, seen = {}, {}
local function look(id)
  if seen[id] then return end
  seen[id] = true
  local score = redis.call('ZSCORE', KEYS[1], id)
  if not score or tonumber(score) < now then
    table.insert(found, {id, redis.call('HGET', KEYS[2], id) or ''})
  end
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do look(id) end
for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do look(id) end
return found"""


def gone(connection, key):
    return {id: list(read(entry)) for id, entry in connection.eval(SCRIPT, 2, key, f"{key}:info")}


def read(entry):
    try:
        entry = json.loads(entry)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return
    if not isinstance(entry, dict):
        return
    busy = entry.get("busy", [])
    if isinstance(busy, list):
        for job in busy:
            if isinstance(job, str):
                yield job
