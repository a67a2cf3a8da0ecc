# must fail at: is back in time, whatever a job does
def stop_by(connection, processors, seconds):
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join(seconds)
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
