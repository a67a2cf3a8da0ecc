# must fail at: each job goes back once when two do it at the same time
def put_back(connection, in_flight, key):
    pipe = connection.pipeline()
    for _ in range(connection.llen(in_flight)):
        pipe.lmove(in_flight, key, "LEFT", "RIGHT")
    return len(pipe.execute())
