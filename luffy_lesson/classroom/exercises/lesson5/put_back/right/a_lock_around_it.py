def put_back(connection, in_flight, key):
    with connection.lock(f"{key}:lock", timeout=10, sleep=0.01):
        count = 0
        while connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None:
            count += 1
        return count
