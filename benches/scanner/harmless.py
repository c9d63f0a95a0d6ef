"""Files that do nothing but hold data, as programs write them."""

import collections
import datetime
import os
import pickle
from pathlib import Path

import joblib
import numpy
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def values():
    numbers = numpy.arange(2000, dtype="f4").reshape(40, 50)
    yield "dict", collections.OrderedDict(a=1, b=[1.5, None, "text"], c={True, False})
    yield "dates", [datetime.datetime(2026, 1, 2), datetime.timedelta(3), Path("a/b")]
    yield "array", numbers
    yield "arrays", {"a": numbers, "b": numpy.float64(3), "c": numpy.array([1, "x"], dtype=object)}
    yield "bytes", [os.urandom(50_000), bytearray(b"x" * 70_000)]
    x, y = make_classification(300, random_state=1)
    yield "linear", LinearRegression().fit(x, y)
    yield "pipeline", make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    yield "forest", RandomForestClassifier(5, random_state=1).fit(x, y)


#: Weights of these bytes each, without what says that they are weights.
PIECE = 1 << 20
PIECES = 40


def write_weights(folder):
    """Some noise has pickles' opcodes in it."""
    for model in ("fp16", "fp8-e4m3"):
        file = root() / f"all-MiniLM-L6-v2-{model}/model.safetensors"
        weights = file.read_bytes()[PIECE // 2 :]
        for index in range(min(PIECES, len(weights) // PIECE)):
            piece = weights[index * PIECE :][:PIECE]
            (folder / f"weights-{model}-{index}.bin").write_bytes(piece)


def write(folder):
    write_weights(folder)
    for name, value in values():
        for protocol in (0, 2, 4, 5):
            with open(folder / f"{name}-{protocol}.pkl", "wb") as file:
                pickle.dump(value, file, protocol)
        joblib.dump(value, folder / f"{name}.joblib")
        joblib.dump(value, folder / f"{name}-zlib.joblib", compress=3)
    objects = numpy.array([{"a": 1}, None], dtype=object)
    numpy.save(folder / "objects.npy", objects)
    numpy.savez(folder / "objects.npz", a=objects, b=numpy.ones(5))
    numpy.savez_compressed(folder / "small.npz", a=objects, b=numpy.ones(50_000))


def root():
    return Path(os.environ.get("SHEAF_CORPUS", "~/.cache/sheaf/corpus")).expanduser()


def corpus():
    kinds = {".pt", ".pth", ".bin", ".safetensors", ".gguf"}
    files = root().rglob("*")
    return sorted(file for file in files if file.suffix in kinds)
