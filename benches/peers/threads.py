"""Two threads against one: pieces are taken by whoever is free."""

import threading
import time

from peers import Sheaf

RUNS = 3


def gbps(subject, level, threads):
    """Speeds of encoding and decoding on so many threads."""
    codecs = [Sheaf(level) for _ in range(threads)]
    stored = [codecs[0].stored(piece, None) for piece in subject.pieces]
    encode = seconds(codecs, lambda codec, at: codec.encode(subject.pieces[at], None), len(stored))
    decode = seconds(
        codecs, lambda codec, at: codec.decode(subject.pieces[at], stored[at]), len(stored)
    )
    return subject.raw_len / encode / 1e9, subject.raw_len / decode / 1e9


def seconds(codecs, work, count):
    return min(run(codecs, work, count) for _ in range(RUNS))


def run(codecs, work, count):
    left = iter(range(count))

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
