# must fail at: a main process that is left gives it back
def what_happens(engine, fault):
    first = engine.acknowledges == "first"
    if fault == "too_long":
        # Somebody takes its processor for dead, and the broker still has the job.
        return "twice" if engine.patience and not engine.beats and not first else "done"
    if first:
        return "lost"
    if engine.connected:  # else the main process is dead as well
        return "at once"
    return "later" if engine.patience else "lost"  # in flight for ever
