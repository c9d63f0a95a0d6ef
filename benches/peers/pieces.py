"""What is measured: a file in the pieces that Sheaf cuts it into, which all codecs get."""

import os
from dataclasses import dataclass, field

import sheaf

# Bytes of an element, where a file's pieces are numbers; blocks and others are not split by others.
WIDTHS = {
    "bf16": 2, "f16": 2, "f32": 4, "f64": 8, "f8_e4m3": 1, "f8_e5m2": 1, "bytes": 1, "u8": 1,
    "i8": 1, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "u64": 8, "i64": 8, "bool": 1,
}


@dataclass
class Piece:
    """A chunk, and the piece at its place in the base."""

    chunk: object
    base: object = None

    @property
    def raw(self):
        return self.chunk.data

    @property
    def dtype(self):
        return self.chunk.dtype

    @property
    def width(self):
        return WIDTHS.get(self.dtype, 1)


@dataclass
class Subject:
    """A file."""

    name: str
    path: str
    pieces: list = field(default_factory=list)
    base_path: str = None

    @property
    def raw_len(self):
        return sum(len(piece.raw) for piece in self.pieces)

    @property
    def whole(self):
        return b"".join(piece.raw for piece in self.pieces)

    @property
    def dtype(self):
        """The dtype that most of its bytes have."""
        lens = {}
        for piece in self.pieces:
            lens[piece.dtype] = lens.get(piece.dtype, 0) + len(piece.raw)
        return max(lens, key=lens.get)


def read(path, name, quick):
    """A file in pieces; a few of them where it is quick."""
    pieces = [Piece(chunk) for chunk in sheaf.chunks(path)]
    if quick:
        pieces = sorted(pieces, key=lambda piece: len(piece.raw))[-2:]
    return Subject(name, path, pieces)


def of_folder(folder, quick):
    """All files of weights below a folder; names are what is below it, without the extension."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = os.path.join(parent, file)
            if os.path.getsize(path) > 1 << 20:
                name = os.path.relpath(path, folder)
                if file.startswith(("model", "full")):
                    name = os.path.dirname(name) + file.removeprefix("model").removeprefix("full")
                yield read(path, os.path.splitext(name)[0], quick)


# Base and target, by the names of a folder that has them.
PAIRS = [
    ("base.safetensors", "ft-full.safetensors"),
    ("base.safetensors", "ft-light.safetensors"),
    ("ft-full.safetensors", "ft-second-stage.safetensors"),
    ("base.safetensors", "lora-merged.safetensors"),
    ("checkpoint-90.pt", "checkpoint-95.pt"),
]


def pairs(folder, quick):
    """The pairs of a folder, each target's pieces with what is at their place in the base."""
    for base, target in PAIRS:
        paths = [os.path.join(folder, name) for name in (base, target)]
        if not all(map(os.path.exists, paths)):
            continue
        of_base = {(piece.start, len(piece.data)): piece for piece in sheaf.chunks(paths[0])}
        subject = read(paths[1], os.path.splitext(target)[0], quick)
        subject.base_path = paths[0]
        for piece in subject.pieces:
            piece.base = of_base.get((piece.chunk.start, len(piece.raw)))
        yield subject
