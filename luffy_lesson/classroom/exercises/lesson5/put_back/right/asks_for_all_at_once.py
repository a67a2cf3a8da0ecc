def put_back(connection, in_flight, key):
    pipe = connection.pipeline()
    for _ in range(connection.llen(in_flight)):
        pipe.lmove(in_flight, key, "LEFT", "RIGHT")
    return sum(job is not None for job in pipe.execute())
