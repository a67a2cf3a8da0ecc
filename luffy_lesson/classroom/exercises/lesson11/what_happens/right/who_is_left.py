def what_happens(engine, fault):
    broker_has_it = engine.acknowledges == "last"
    left = []
    if engine.watches and fault != "kill_all":
        left.append("at once")
    if engine.connected:
        left.append("at once")
    if engine.patience is not None:
        left.append("later")
    if fault == "too_long":
        return ["done", "twice"][broker_has_it and left[-1:] == ["later"] and not engine.beats]
    return (left or ["lost"])[0] if broker_has_it else "lost"
