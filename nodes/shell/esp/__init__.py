"""ESP in worker processes: the way from a device to the process that owns an SA, and back.

    pool       the device's side: which worker has which SA, batches out, results in, what a dead worker means
    local      the same interface without processes, for a lab on a virtual clock
    carrier    between a device's effects and a pool of either sort
    ring       shared memory for jobs and their results
    worker     the worker process: keys, sequence numbers, replay windows
    template   the clean process that workers are forked from
    process    what Linux lets a process say about itself: its name, with whom it dies

A device without IPsec imports nothing of this, and neither asyncio nor ZeroMQ is known here: a pool is given the two
methods of an event loop that it needs.
"""
