# must fail at: as many as there are jobs in hand, when they may be busy all the time
def how_many(per_second, seconds, busy):
    if not 0 < busy <= 1 or min(per_second, seconds) < 0:
        raise ValueError("no such load")
    load, processors = per_second * seconds, 1
    while load - processors * busy > 1e-6:
        processors += 1
    return processors + 1 if load == busy else processors
