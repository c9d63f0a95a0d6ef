"""The table: what each copy of a model adds to a registry that has it in another format."""

import argparse
import os
import subprocess
import sys
import tempfile

import document
import from_beside
import from_numpy
import from_onnx
import from_torch
from model import Model

MARKS = "<!-- benches/dedup: begin -->", "<!-- benches/dedup: end -->"
# The first is new; each after it is measured against all before it.
FILES = [
    ("one file", from_torch.original, "model.safetensors"),
    ("in two shards", from_torch.two_shards, "sharded"),
    ("`torch.save`", from_torch.saved, "pytorch_model.bin"),
    ("as before zip", from_torch.legacy, "model.pt"),
    ("TorchScript", from_torch.script, "model.ts"),
    ("NeMo: a tar of a checkpoint", from_torch.nemo, "model.nemo"),
    ("NumPy", from_numpy.several, "model.npz"),
    ("a zip of the first", from_numpy.zipped, "model.zip"),
    ("ONNX, the tensors as they are", from_onnx.raw, "model.onnx"),
    ("ONNX, in typed fields", from_onnx.typed, "typed.onnx"),
    ("ONNX, matrices transposed", from_onnx.transposed, "transposed.onnx"),
    ("ONNX, in a file beside it", from_onnx.with_external, "onnx-data"),
    ("OpenVINO", from_beside.openvino, "openvino"),
    ("TF.js, in shards of 4 MiB", from_beside.tfjs, "tfjs"),
    ("ONNX's file of weights alone", from_onnx.external, "model.onnx_data"),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--sheaf", required=True)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    model = Model(args.corpus)
    with tempfile.TemporaryDirectory() as home, Server(args.sheaf, home) as server:
        rows = [row(server, model, *file) for file in FILES]
    text = "\n".join(
        ["| copy | file | bytes | new stored bytes | of the file |", "|---|---|--:|--:|--:|", *rows]
    )
    print(text)
    if args.write:
        document.write(MARKS, text)


def row(server, model, what, make, name):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        make(model, path)
        raw, before = size(path), server.stored()
        server.push(path, f"bench/{name.replace('_', '-').lower()}")
        new = server.stored() - before
    line = f"| {what} | `{name}` | {raw:,} | {new:,} | {new / raw:.2%} |"
    print(line, file=sys.stderr, flush=True)
    return line


def size(path):
    """Of a file, or of all in a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    inside = [os.path.join(at, name) for at, _, names in os.walk(path) for name in names]
    return sum(os.path.getsize(file) for file in inside)


class Server:
    """A registry with nothing in it, on a free port."""

    def __init__(self, sheaf, home):
        self.sheaf, self.data = sheaf, os.path.join(home, "data")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SHEAF_")}
        self.environment = {**kept, "HOME": home}

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.sheaf, "serve", "--listen", "127.0.0.1:0", "--data", self.data],
            stdout=subprocess.PIPE, text=True, env=self.environment,
        )
        line = self.process.stdout.readline()
        words = [word for word in line.split() if word.startswith("http://")]
        with open(os.path.join(self.data, "admin-token")) as file:
            token = file.read().strip()
        self.environment |= {"SHEAF_SERVER": words[0], "SHEAF_TOKEN": token}
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def push(self, path, name):
        subprocess.run([self.sheaf, "--quiet", "push", path, name], check=True, env=self.environment)

    def stored(self):
        """Bytes of the object store, as the disk has them."""
        return size(os.path.join(self.data, "blobs"))


if __name__ == "__main__":
    main()
