# must fail at: is back in time, whatever a job does
def stop_by(connection, processors, seconds):
    for processor in processors:
        processor.stopping.set()
    for processor in processors:
        processor.thread.join()
    return 0
