def put_back(connection, in_flight, key):
    def move(pipeline):
        jobs = pipeline.lrange(in_flight, 0, -1)
        pipeline.multi()
        if jobs:
            pipeline.rpush(key, *jobs)
            pipeline.delete(in_flight)
        return len(jobs)

    return connection.transaction(move, in_flight, value_from_callable=True)
