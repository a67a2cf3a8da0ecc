# must fail at: what is done in time does not go back
def stop_by(connection, processors, seconds):
    for processor in processors:
        processor.stopping.set()
        processor.thread.join(0.05)
    count = 0
    for processor in processors:
        while connection.lmove(processor.in_flight, processor.queue, "LEFT", "RIGHT") is not None:
            count += 1
    return count
