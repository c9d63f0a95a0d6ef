"""How long work takes, by one thread on one core, at best."""

import gc
import os
import time

# Runs of a piece of work, while they take no longer than this together.
MOST_RUNS, FEWEST_RUNS, SECONDS = 7, 2, 0.2


def best(work, prepare=lambda: None, quick=False, seconds=SECONDS):
    """Seconds that `work` takes on what `prepare` gives, at best, and what it gave at last."""
    least, spent, runs = float("inf"), 0.0, 0
    gc.disable()
    while runs < FEWEST_RUNS or (runs < MOST_RUNS and spent < seconds):
        given = prepare()
        result = None
        start = time.perf_counter()
        result = work(given)
        took = time.perf_counter() - start
        least, spent, runs = min(least, took), spent + took, runs + 1
        if quick:
            break
    gc.enable()
    return least, result


def pin(cores):
    """Keeps this process on so many of the cores that it may use, and says on which."""
    allowed = sorted(os.sched_getaffinity(0))
    chosen = allowed[-cores:]
    os.sched_setaffinity(0, chosen)
    return allowed, chosen
