"""lmzip, which works on files: measured on files in memory, with what reading and writing takes."""

import os
import tempfile

import lmz

import timing
from measure import Result

NAME = "lmzip"


def measure(subject, quick):
    """Its result on a file."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        source, stored, back = (os.path.join(folder, name) for name in ("raw", "lmz", "back"))
        # By its extension it knows what a file is.
        source += os.path.splitext(subject.path)[1]
        with open(subject.path, "rb") as file, open(source, "wb") as to:
            to.write(file.read())
        raw_len = os.path.getsize(source)
        encode, _ = timing.best(
            lambda _: lmz.compress(source, stored, workers=1), lambda: gone(stored), quick
        )
        decode, _ = timing.best(
            lambda _: lmz.decompress(stored, back, workers=1), lambda: gone(back), quick
        )
        with open(source, "rb") as one, open(back, "rb") as other:
            if one.read() != other.read():
                raise SystemExit("lmzip: a file came back as another")
        ratio = os.path.getsize(stored) / raw_len
    return Result(ratio, raw_len / encode / 1e9, raw_len / decode / 1e9)


def gone(path):
    if os.path.exists(path):
        os.remove(path)
