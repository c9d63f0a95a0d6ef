"""Quantises a model's matrices by GGML's own code, and measures the codec on them."""

import ctypes
import json
import pathlib
import struct
import subprocess
import sys

import numpy

# The types' numbers in GGML, by their names here.
TYPES = {
    "q2_k": 10, "q3_k": 11, "iq4_nl": 20, "iq4_xs": 23, "mxfp4": 39, "nvfp4": 40, "tq1_0": 34, "tq2_0": 35,
    "iq3_xxs": 18, "iq3_s": 21, "iq2_xxs": 16, "iq2_xs": 17, "iq2_s": 22, "iq1_s": 19, "iq1_m": 29,
}
# A row of whole blocks: two of the model's shortest.
ROW = 768


def main():
    library, model, measure, work, *names = sys.argv[1:]
    ggml, rows = Ggml(library), matrices(next(pathlib.Path(model).rglob("*.safetensors")))
    print("| type | `fast`: size, encode, decode | `default` | `max` | byte grouping + zstd-1 |")
    print("|---|---|---|---|---|")
    for name in names or TYPES:
        path = pathlib.Path(work) / f"{name}.bin"
        path.write_bytes(ggml.quantised(TYPES[name], weights_for(name, rows)))
        out = subprocess.run([measure, name, path], check=True, capture_output=True, text=True)
        print(f"| `{name}` |", " | ".join(figures(line) for line in out.stdout.splitlines()[:4]), "|", flush=True)


def matrices(path):
    """The rows of all matrices but small embeddings, those of words last."""
    bytes = path.read_bytes()
    (end,) = struct.unpack("<Q", bytes[:8])
    layers, words = [], []
    for name, tensor in sorted(json.loads(bytes[8:8 + end]).items()):
        if len(tensor.get("shape", [])) == 2 and "position" not in name and "type" not in name:
            first, last = (8 + end + at for at in tensor["data_offsets"])
            (words if "embeddings" in name else layers).append(numpy.frombuffer(bytes[first:last], numpy.float32))
    both = numpy.concatenate(layers + words)
    return both[:len(both) // ROW * ROW].reshape(-1, ROW)


def weights_for(name, rows):
    if name.startswith("tq"):
        # As networks of three values have them: a weight's sign, where it is not small beside its row.
        scale = numpy.abs(rows).mean(1, keepdims=True)
        return (numpy.clip(numpy.rint(rows / scale), -1, 1) * scale).astype(numpy.float32)
    # Grids are searched slowly.
    return rows[:4096] if name[:3] in ("iq1", "iq2", "iq3") else rows


class Ggml:
    def __init__(self, path):
        self.library = ctypes.CDLL(str(pathlib.Path(path).resolve()))
        size, whole, pointer = ctypes.c_size_t, ctypes.c_int64, ctypes.c_void_p
        self.library.ggml_row_size.restype = self.library.ggml_quantize_chunk.restype = size
        self.library.ggml_row_size.argtypes = [ctypes.c_int, whole]
        self.library.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, whole, whole, whole, pointer]

    def quantised(self, kind, rows):
        rows, alike = numpy.ascontiguousarray(rows), numpy.ones(ROW, numpy.float32)
        out = numpy.zeros(self.library.ggml_row_size(kind, ROW) * len(rows), numpy.uint8)
        self.library.ggml_quantize_chunk(
            kind, rows.ctypes.data, out.ctypes.data, 0, len(rows), ROW, alike.ctypes.data
        )
        return out.tobytes()


def figures(line):
    """Of `name: .9 encode 1.2 decode 3.4 GB/s` the numbers."""
    words = line.rsplit(": ", 1)[1].split()
    return f"{float(words[0]):.4f}, {words[2]}, {words[4]}".replace("0.", ".", 1)


if __name__ == "__main__":
    main()
