import time

GIVE_BACK = """
local count = 0
while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do count = count + 1 end
return count"""


def stop_by(connection, processors, seconds):
    deadline = time.monotonic() + seconds
    for processor in processors:
        processor.stopping.set()
    while any(processor.thread.is_alive() for processor in processors) and time.monotonic() < deadline:
        time.sleep(0.01)
    return sum(connection.eval(GIVE_BACK, 2, processor.in_flight, processor.queue) for processor in processors)
