# must fail at: what is acknowledged first is lost
def what_happens(engine, fault):
    if fault == "too_long":
        return "twice" if engine.acknowledges == "last" and engine.patience and not engine.beats else "done"
    return "at once" if engine.connected or engine.watches else "later"
