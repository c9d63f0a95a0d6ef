#!/usr/bin/env python3
"""What near-lossless storing saves and what it costs, on a real model in a real runtime.

Compresses all-MiniLM-L6-v2 with `sheaf compress --near-lossless BITS` for several BITS, decompresses it,
loads the result into the transformer (torch), and compares the embeddings of some sentences with those
of the model as it was. Prints the tables of docs/near-lossless.md.

    pip install torch transformers safetensors
    cargo build --release -p sheaf
    tests/corpus/fetch
    python3 benches/near_lossless/run.py

The files are those of tests/corpus: the fp32 model, and its roundings to bf16 and fp16.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import safetensors.torch
import torch
from transformers import AutoModel, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {
    "fp32": "all-MiniLM-L6-v2/model.safetensors",
    "bf16": "all-MiniLM-L6-v2-bf16/model.safetensors",
    "fp16": "all-MiniLM-L6-v2-fp16/model.safetensors",
}
WHO = ["A nurse", "The old carpenter", "Our neighbour's dog", "A parliament", "The river", "Nobody"]
WHAT = [
    "counted the coins twice before closing the shop.",
    "was seen near the harbour on a foggy morning.",
    "needs a faster way to compress large files.",
    "voted against the new tax on imported steel.",
    "runs a marathon every spring and rarely complains.",
    "explained how enzymes break down sugar.",
    "forgot the password of the database again.",
    "painted the fence green, then regretted it.",
    "asked whether stocks would fall after the election.",
    "plays chess by mail with a friend in Lisbon.",
    "boils water, adds salt, and waits for the pasta.",
    "lost the signal somewhere behind the moon.",
]
SENTENCES = [f"{who} {what}" for who in WHO for what in WHAT]


def folder():
    home = pathlib.Path(os.environ.get("SHEAF_CORPUS", "~/.cache/sheaf/corpus"))
    return home.expanduser()


def sheaf(binary, *arguments):
    done = subprocess.run([binary, *arguments, "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Embedder:
    """The model as sentence-transformers uses it: the mean of the last layer, at length 1."""

    def __init__(self, home):
        self.tokenizer = AutoTokenizer.from_pretrained(home)
        self.model = AutoModel.from_pretrained(home, dtype=torch.float32).eval()
        self.tokens = self.tokenizer(SENTENCES, padding=True, return_tensors="pt")

    def embed(self, file):
        weights = safetensors.torch.load_file(file)
        weights = {name: tensor.float() if tensor.is_floating_point() else tensor
                   for name, tensor in weights.items()}
        lacking, _ = self.model.load_state_dict(weights, strict=False)
        assert all("position_ids" in name for name in lacking), lacking
        with torch.inference_mode():
            hidden = self.model(**self.tokens).last_hidden_state
        mask = self.tokens["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean.double(), dim=1)


def compare(before, after):
    """The cosine of each embedding to what it was, and how far similarities of pairs moved."""
    cosine = (before * after).sum(1)
    moved = (before @ before.T - after @ after.T).abs().max()
    nearest = lambda embeddings: (embeddings @ embeddings.T).fill_diagonal_(-1).argmax(1)
    same = (nearest(before) == nearest(after)).double().mean()
    return cosine.mean().item(), cosine.min().item(), moved.item(), same.item()


def rounded_alone(file, to):
    """Writes the tensors that are rounded to a file of their own: those of no number beyond 1."""
    weights = safetensors.torch.load_file(file)
    fits = lambda tensor: tensor.is_floating_point() and tensor.abs().max() <= 1
    safetensors.torch.save_file({n: t.clone() for n, t in weights.items() if fits(t)}, to)


def ratio(report):
    return report["stored_bytes"] / report["raw_bytes"]


def row(binary, level, embedder, file, alone, before, bits):
    with tempfile.TemporaryDirectory() as temporary:
        stream, back = f"{temporary}/stream.sheaf", f"{temporary}/back"
        flags = ["--near-lossless", str(bits)] if bits else []
        compress = lambda file: sheaf(
            binary, "compress", file, "--force", "-o", stream, "--level", level, *flags)
        part = ratio(compress(alone))
        report = compress(file)
        told = report.get("near_lossless")
        sheaf(binary, "decompress", stream, "-o", back)
        mean, least, moved, same = compare(before, embedder.embed(back))
    errors = [tensor["max_error"] for tensor in told["tensors"]] if told else [0.0]
    print(f"| {bits or 'none'} | {part:.4f} | {ratio(report):.4f} | {max(errors):.1e} | {1 - mean:.1e} | {1 - least:.1e} "
          f"| {moved:.1e} | {same:.0%} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sheaf", default=ROOT / "target/release/sheaf")
    parser.add_argument("--level", default="default")
    parser.add_argument("--bits", type=int, nargs="+",
                        default=[8, 10, 12, 14, 16, 18, 20, 22, 23, 24])
    parser.add_argument("--files", nargs="+", choices=FILES, default=list(FILES))
    options = parser.parse_args()
    kept = tempfile.TemporaryDirectory()
    scratch = pathlib.Path(kept.name)
    embedder = Embedder(folder() / "all-MiniLM-L6-v2")
    for name in options.files:
        file = folder() / FILES[name]
        before = embedder.embed(file)
        alone = scratch / f"{name}.safetensors"
        rounded_alone(file, alone)
        share = alone.stat().st_size / file.stat().st_size
        print(f"\n### {name}: {share:.0%} of the bytes are rounded\n\n| BITS | ratio of those | of the file | largest error of a weight | 1 - cosine, mean "
              "| 1 - cosine, worst | similarity of pairs moved by | same nearest |")
        print("|---|---|---|---|---|---|---|---|")
        for bits in [None, *sorted(options.bits, reverse=True)]:
            row(options.sheaf, options.level, embedder, file, alone, before, bits)


if __name__ == "__main__":
    main()
