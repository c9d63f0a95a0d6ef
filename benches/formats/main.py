"""The table: what is stored of each file, beside its peers."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import zstandard
from zipnn import ZipNN

import document
import from_gguf
import from_numpy
import from_onnx
import from_others
import from_torch
from model import Model

# Each has MAKERS: a file's name, and the function that writes it.
MODULES = [from_torch, from_gguf, from_numpy, from_others, from_onnx]
MARKS = "<!-- benches/formats: begin -->", "<!-- benches/formats: end -->"


def main():
    args = arguments()
    model = Model(args.corpus)
    rows = []
    for module in MODULES:
        for name, make in module.MAKERS.items():
            if args.only and name not in args.only:
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, name)
                make(model, path)
                rows.append(measured(args.sheaf, path))
            print(rows[-1], file=sys.stderr, flush=True)
    text = table(rows)
    print(text)
    if args.write:
        document.write(MARKS, text)
    larger = [row["name"] for row in rows if row["sheaf"] > min(row["zipnn"], row["zstd"])]
    if larger:
        raise SystemExit(f"larger than a peer: {', '.join(larger)}")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--sheaf", required=True)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def measured(sheaf, path):
    with open(path, "rb") as file:
        raw = file.read()
    stream, back = path + ".sheaf", path + ".back"
    run = lambda *args: json.loads(subprocess.check_output([sheaf, "--json", *args]))
    said = run("inspect", path)
    run("compress", path, "-o", stream)
    run("decompress", stream, "-o", back)
    with open(back, "rb") as file:
        if hashlib.sha256(file.read()).digest() != hashlib.sha256(raw).digest():
            raise SystemExit(f"{path} came back as another")
    return {
        "name": os.path.basename(path),
        "format": said["format"],
        "tensors": len(said["tensors"]),
        "raw": len(raw),
        "sheaf": os.path.getsize(stream),
        "zipnn": min(zipnn(raw, dtype) for dtype in ("float32", "float16", "bfloat16")),
        "zstd": len(zstandard.ZstdCompressor(level=3).compress(raw)),
    }


def zipnn(raw, dtype):
    """The file at once, without its last bytes, which it cannot take."""
    even = bytearray(raw[: len(raw) // 8 * 8])
    return len(ZipNN(bytearray_dtype=dtype, input_format="byte").compress(even)) + len(raw) % 8


def table(rows):
    lines = ["| file | format | tensors | bytes | Sheaf | ZipNN | zstd-3 |", "|---|---|--:|--:|--:|--:|--:|"]
    for row in rows:
        ratios = " | ".join(f"{row[who] / row['raw']:.4f}" for who in ("sheaf", "zipnn", "zstd"))
        lines.append(
            f"| `{row['name']}` | {row['format']} | {row['tensors']} | {row['raw']:,} | {ratios} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
