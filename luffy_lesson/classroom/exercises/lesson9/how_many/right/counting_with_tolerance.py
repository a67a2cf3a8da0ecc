def how_many(per_second, seconds, busy):
    if min(per_second, seconds) < 0 or busy > 1 or busy <= 0:
        raise ValueError("no")
    processors = 1
    while per_second * seconds / processors > busy + 1e-9:
        processors += 1
    return processors
