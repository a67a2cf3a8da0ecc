def put_back(connection, in_flight, key):
    move = connection.register_script("""
    if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then
      redis.call('RPUSH', KEYS[2], ARGV[1])
      return 1
    end
    return 0""")
    return sum(move([in_flight, key], [job]) for job in connection.lrange(in_flight, 0, -1))
