"""Stores each model's file with Sheaf, ZipNN and zstd-3, and prints a table of what they take."""

import pathlib
import subprocess
import sys
import tempfile

import zstandard

LEVELS = ["fast", "default", "max"]
# Smaller ones are mostly what is beside a model.
LEAST = 100_000
SUFFIXES = {".onnx", ".pt", ".jit", ".npz", ".dat", ".safetensors", ".tflite", ".bin", ".pb"}
# Models of a format without suffixes.
NAMES = {"mdef", "means", "variances", "sendump"}

ZIPNN = """
import sys, zipnn
data = bytearray(open(sys.argv[1], "rb").read())
packed = zipnn.ZipNN(input_format="byte", bytearray_dtype=sys.argv[2], threads=1).compress(data)
print("bytes", len(packed))
"""


def is_model(path):
    named = path.suffix in SUFFIXES or path.name in NAMES or ".data-" in path.name
    return path.is_file() and named and path.stat().st_size >= LEAST


def zipnn(path):
    """In a process of its own: on some inputs it dies."""
    sizes = []
    for dtype in ["float32", "bfloat16", "float16"]:
        command = [sys.executable, "-c", ZIPNN, path, dtype]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        sizes += [int(line.split()[1]) for line in said.splitlines() if line.startswith("bytes")]
    return min(sizes, default=None)


def sheaf(program, path, level, folder):
    stored, back = folder / "stored", folder / "back"
    compress = ["compress", "--level", level, path, "-o", stored]
    for command in [compress, ["decompress", stored, "-o", back]]:
        subprocess.run([program, *command, "--force"], check=True, capture_output=True)
    if back.read_bytes() != path.read_bytes():
        sys.exit(f"{path}: other bytes came back at level {level}")
    return stored.stat().st_size


def row(program, path, name, folder):
    raw = path.read_bytes()
    sizes = [zipnn(path), len(zstandard.ZstdCompressor(level=3).compress(raw))]
    sizes += [sheaf(program, path, level, folder) for level in LEVELS]
    shown = ["-" if size is None else f"{size / len(raw):.4f}".lstrip("0") for size in sizes]
    line = f"| `{name}` | {len(raw) / 1e6:.1f} | {' | '.join(shown)} |"
    print(line, flush=True)
    return line


def main():
    program, files = sys.argv[1], pathlib.Path(sys.argv[2])
    models = sorted(filter(is_model, files.rglob("*")), key=lambda path: -path.stat().st_size)
    lines = [
        "| file | MB | ZipNN | zstd-3 | Sheaf fast | Sheaf default | Sheaf max |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory() as folder:
        for path in models:
            package = path.relative_to(files).parts[0]
            lines.append(row(program, path, f"{package}/{path.name}", pathlib.Path(folder)))
    if "--write" in sys.argv[3:]:
        document = pathlib.Path("docs/codec.md")
        text = document.read_text()
        begin, end = "<!-- benches/wheels: begin -->", "<!-- benches/wheels: end -->"
        before, after = text.split(begin)[0], text.split(end)[1]
        document.write_text(f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{after}")


main()
