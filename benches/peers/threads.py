"""Two threads against one: pieces are taken by whoever is free.

A small file is read in less time than it takes to start a thread: it is gone through as often as makes a run long.
"""

import threading
import time

RUNS = 3
# Seconds that a run takes at least.
LEAST = 0.1


def encoded(subject, codecs):
    """The speed of encoding on as many threads as there are codecs."""
    pieces = subject.pieces
    return subject.raw_len / seconds(codecs, lambda codec, at: codec.encode(pieces[at], None), len(pieces)) / 1e9


def decoded(subject, codecs):
    """That of decoding."""
    pieces = subject.pieces
    stored = [codecs[0].stored(piece, None) for piece in pieces]
    took = seconds(codecs, lambda codec, at: codec.decode(pieces[at], stored[at]), len(pieces))
    return subject.raw_len / took / 1e9


def seconds(codecs, work, count):
    """Seconds to go through all pieces once, at best."""
    passes = 1 + int(LEAST / run(codecs, work, count, 1))
    return min(run(codecs, work, count, passes) / passes for _ in range(RUNS))


def run(codecs, work, count, passes):
    left = iter(list(range(count)) * passes)

    def take_part(codec):
        # The next number is taken under Python's lock; the work itself is done without it.
        for at in left:
            work(codec, at)

    workers = [threading.Thread(target=take_part, args=(codec,)) for codec in codecs]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - start
