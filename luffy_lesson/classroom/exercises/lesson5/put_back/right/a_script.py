SCRIPT = "local n = 0 while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do n = n + 1 end return n"


def put_back(connection, in_flight, key):
    return connection.register_script(SCRIPT)(keys=[in_flight, key])
