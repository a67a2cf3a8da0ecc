class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if not self.connection.execute_command("HSETEX", f"{self.key}:seen", "FNX", "EX", 60, "FIELDS", 1, job, 1):
            return False
        self.connection.lpush(self.key, job)
        return True
