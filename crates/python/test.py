"""Tests of the Python module: `cargo build -p sheaf-python`, then `python3 crates/python/test.py`."""

import importlib.util
import os
import random
import struct
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
LIBRARY = os.path.join(TARGET, "debug", "libsheaf.so")


def load():
    loader = importlib.machinery.ExtensionFileLoader("sheaf", LIBRARY)
    spec = importlib.util.spec_from_file_location("sheaf", LIBRARY, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


sheaf = load()
RANDOM = random.Random(1)


def weights(count):
    """bf16 weights."""
    floats = struct.pack(f"<{count}f", *(RANDOM.gauss(0, 0.02) for _ in range(count)))
    return b"".join(floats[at + 2 : at + 4] for at in range(0, len(floats), 4))


class Chunks(unittest.TestCase):
    def test_what_goes_in_comes_out(self):
        raw = weights(5000) + b"x"
        for dtype in sheaf.dtypes():
            for level in ("fast", "default", "max"):
                blob = sheaf.encode(raw, dtype, level, row=50)
                self.assertEqual(sheaf.decode(blob), raw, (dtype, level))

    def test_weights_shrink(self):
        raw = weights(50_000)
        self.assertLess(len(sheaf.encode(raw, "bf16")), 0.7 * len(raw))

    def test_a_delta_needs_its_base(self):
        base = weights(50_000)
        raw = bytes(byte ^ (at % 64 == 0) for at, byte in enumerate(base))
        blob = sheaf.encode(raw, "bf16", base=base)
        self.assertLess(len(blob), 0.3 * len(raw))
        self.assertEqual(sheaf.decode(blob, base), raw)
        with self.assertRaisesRegex(ValueError, "needs its base"):
            sheaf.decode(blob)

    def test_mistakes_are_named(self):
        for given, message in [
            ((b"x", "bf17"), "no dtype is named bf17"),
            ((b"x", "bf16", "most"), "no level is named most"),
            ((bytes((16 << 20) + 1), "bytes"), "at most 16777216 bytes"),
        ]:
            with self.assertRaisesRegex(ValueError, message):
                sheaf.encode(*given)
        for blob in (b"", b"no blob", sheaf.encode(b"x" * 99, "bytes")[:-1]):
            with self.assertRaises(ValueError):
                sheaf.decode(blob)


class Buffers(unittest.TestCase):
    def test_without_hashes(self):
        raw = weights(5000)
        blob = sheaf.encode_unsealed(raw, "bf16").seal()
        with self.assertRaises(ValueError):
            sheaf.decode(blob)
        buffer = sheaf.Buffer()
        for verify in (True, False):
            self.assertEqual(buffer.decode(blob, verify=verify), len(raw))
            self.assertEqual(bytes(buffer), raw)

    def test_a_longer_and_a_shorter_one(self):
        buffer = sheaf.Buffer()
        for count in (10, 5000, 300):
            raw = weights(count)
            buffer.decode(sheaf.encode(raw, "bf16"))
            self.assertEqual(bytes(buffer), raw)
        with self.assertRaises(ValueError):
            buffer.decode(b"no blob")
        self.assertEqual(len(buffer), 0)


class Files(unittest.TestCase):
    def test_a_file_in_chunks(self):
        raw = bytes(RANDOM.getrandbits(8) for _ in range(300_000))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            with open(path, "wb") as file:
                file.write(raw)
            chunks = sheaf.chunks(path)
        self.assertEqual(b"".join(chunk.data for chunk in chunks), raw)
        starts = [chunk.start for chunk in chunks]
        self.assertEqual(starts, sorted(starts))
        for threads in (1, 3):
            blobs = sheaf.encode_all(chunks, "fast", threads=threads, bases=[None] * len(chunks))
            self.assertEqual(b"".join(sheaf.decode_all(blobs, threads=threads)), raw)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
