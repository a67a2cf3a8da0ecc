# must fail at: all go back, whatever others do meanwhile
def put_back(connection, in_flight, key):
    def move(pipe):
        jobs = pipe.lrange(in_flight, 0, -1)
        pipe.multi()
        if jobs:
            pipe.rpush(key, *jobs)
            pipe.delete(in_flight)
        return len(jobs)

    return connection.transaction(move, key, value_from_callable=True)
