def what_happens(engine, fault):
    acknowledged, _, _, patience, beats = engine
    match acknowledged, fault:
        case "first", "too_long":
            return "done"
        case "first", _:
            return "lost"
        case "last", "too_long":
            return "done" if beats or patience is None else "twice"
        case "last", "kill_job" if engine.watches:
            return "at once"
    if engine.connected:
        return "at once"
    return "lost" if patience is None else "later"
