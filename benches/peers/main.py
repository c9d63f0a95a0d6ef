"""The tables: files, incompressible input, two threads, deltas."""

import argparse
import importlib.metadata
import os
import subprocess
import sys
from types import SimpleNamespace

import files
import measure
import pieces
import tables
import threads
import timing
from deltas import delta_codecs
from peers import Memcpy, Sheaf, standalone_codecs

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DOCUMENT = os.path.join(ROOT, "docs/codec.md")
# What is longer is left out where one thread is measured against two: it would tell nothing new.
LONG = 95 << 20
MARKS = "<!-- benches/peers: begin -->", "<!-- benches/peers: end -->"


def main():
    args = arguments()
    allowed, _ = timing.pin(1)
    parts = [about(), weights(args), noise(args)]
    if args.pairs:
        parts.append(deltas(args))
    os.sched_setaffinity(0, allowed)
    if len(allowed) > 1:
        timing.pin(2)
        parts.append(two_threads(args))
    text = "\n\n".join(parts)
    print(text)
    if args.write:
        write(text)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--pairs", metavar="DIR")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def subjects(args):
    if args.files:
        for path in args.files:
            name = "/".join(os.path.abspath(path).split("/")[-2:])
            yield pieces.read(path, name, args.quick)
        return
    fetch = subprocess.run(
        [os.path.join(ROOT, "tests/corpus/fetch")], check=True, stdout=subprocess.PIPE, text=True
    )
    yield from pieces.of_folder(fetch.stdout.strip(), args.quick)


def note(text):
    print(text, file=sys.stderr, flush=True)


def about():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    names = ["zipnn", "zstandard", "pcodec", "blosc2", "bitshuffle", "openzl", "lmzip"]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"Machine: {models[0] if models else 'unknown'}. Peers: {versions}."


def weights(args):
    results = {}
    for subject in subjects(args):
        note(f"{subject.name}: {subject.raw_len} bytes of {subject.dtype}")
        of_file = measure.all_codecs(standalone_codecs(), subject, args.quick)
        of_file[files.NAME] = files.measure(subject, args.quick)
        results[subject.name] = of_file
    return "### Whole files\n\n" + tables.three(results, "ZipNN")


def noise(args):
    results = {}
    raws = [os.urandom(8 << 20) for _ in range(1 if args.quick else 16)]
    for dtype in ("bf16", "f32", "f8_e4m3", "q4_k", "unknown"):
        note(f"noise as {dtype}")
        subject = pieces.Subject(dtype, "", [noise_piece(raw, dtype) for raw in raws])
        codecs = {codec.name: codec for codec in standalone_codecs()}
        names = ["memcpy", "ZipNN", "Sheaf fast", "Sheaf default", "Sheaf max"]
        of_all = measure.in_passes([codecs[name] for name in names], subject, args.quick)
        results[f"noise as {dtype}"] = of_all
    return "### Incompressible input\n\n" + tables.three(results, "memcpy")


def noise_piece(raw, dtype):
    return pieces.Piece(SimpleNamespace(data=raw, dtype=dtype, row=0, offset=0, start=0))


def deltas(args):
    results = {}
    for subject in pieces.pairs(args.pairs, args.quick):
        note(f"{subject.name}: a delta")
        results[subject.name] = measure.all_codecs(delta_codecs(), subject, args.quick)
    return "### Deltas\n\n" + tables.three(results, "ZipNN delta")


def two_threads(args):
    rows = []
    for subject in subjects(args):
        if len(subject.pieces) < 6 or subject.raw_len > LONG:
            continue
        note(f"{subject.name}: two threads")
        cells = []
        for level in ("fast", "default", "max"):
            for way in (threads.encoded, threads.decoded):
                cells.append(factor_of_two(way, subject, lambda: Sheaf(level)))
        # Where that is less than two, memory is what both wait for.
        cells.append(factor_of_two(threads.decoded, subject, Memcpy))
        rows.append([f"`{subject.name}`", *cells])
    ways = (f"{level}, {way}" for level in ("fast", "default", "max") for way in ("encode", "decode"))
    head = ["file", *ways, "memcpy"]
    return "### Two threads, as multiples of one\n\n" + tables.table(head, rows)


def factor_of_two(speed, subject, codec):
    """How many times as fast two threads are."""
    one, two = (speed(subject, [codec() for _ in range(count)]) for count in (1, 2))
    return tables.factor(two / one)


def write(text):
    with open(DOCUMENT) as file:
        before, rest = file.read().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    with open(DOCUMENT, "w") as file:
        file.write(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
