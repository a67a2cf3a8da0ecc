# must fail at: and an engine that nobody has measured
def what_happens(engine, fault):
    if engine.acknowledges == "first":
        return "done" if fault == "too_long" else "lost"
    if fault == "too_long":
        return "twice" if engine.patience in (20, 1800) else "done"
    if engine.connected or (engine.watches and fault == "kill_job"):
        return "at once"
    return "later"
