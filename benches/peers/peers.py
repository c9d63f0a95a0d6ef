"""The codecs. Each takes a piece and gives back what is stored of it, in memory."""

import bitshuffle
import blosc2
import numpy as np
import openzl.ext as openzl
import pcodec
import zstandard
from pcodec import standalone
from zipnn import ZipNN

import sheaf


class Codec:
    """What a codec does unless it says otherwise."""

    name = ""
    whole = None

    def takes(self, piece):
        return True

    def prepare(self, piece):
        """What `encode` gets besides the piece; not timed."""

    def stored(self, piece, encoded):
        """What is stored, of what `encode` gave; not timed."""
        return encoded

    def given(self, stored):
        """What `decode` gets; not timed."""
        return stored

    def stored_len(self, stored):
        return len(stored)

    def raw(self, piece, decoded):
        return bytes(decoded)


class Memcpy(Codec):
    name = "memcpy"

    def __init__(self):
        self.buffer = np.ones(16 << 20, np.uint8)

    def prepare(self, piece):
        # Where others put what they make, a piece beside the other.
        return np.ones(len(piece.raw), np.uint8)

    def encode(self, piece, to):
        np.copyto(to, np.frombuffer(piece.raw, np.uint8))
        return to

    def stored(self, piece, encoded):
        return piece.raw

    def decode(self, piece, stored):
        return self.encode(piece, self.buffer[: len(stored)])


class Sheaf(Codec):
    """No hash is in its speeds, as none is in the others'; the 64-bit check of each frame is."""

    def __init__(self, level):
        self.name, self.level = f"Sheaf {level}", level
        self.buffer = sheaf.Buffer()

    def _hint(self, piece):
        chunk, base = piece.chunk, piece.base
        return (
            chunk.dtype, self.level, chunk.row, chunk.offset,
            base and base.data, base and base.dtype,
        )

    def encode(self, piece, _):
        return sheaf.encode_unsealed(piece.raw, *self._hint(piece))

    def stored(self, piece, encoded):
        return sheaf.encode(piece.raw, *self._hint(piece))

    def decode(self, piece, stored):
        self.buffer.decode(stored, piece.base and piece.base.data, False)
        return self.buffer


class Zip(Codec):
    """ZipNN. What it has no dtype for it gets as the one of its dtypes that is smallest."""

    name = "ZipNN"
    DTYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}

    def __init__(self, threads=1):
        self.threads, self.chosen = threads, {}
        self.coders = {dtype: self._coder(dtype) for dtype in self.DTYPES.values()}

    def _coder(self, dtype):
        return ZipNN(bytearray_dtype=dtype, input_format="byte", threads=self.threads)

    def _of(self, piece):
        return self.coders[self._dtype(piece.dtype, piece.raw)]

    def _dtype(self, dtype, raw):
        if dtype in self.DTYPES:
            return self.DTYPES[dtype]
        if dtype not in self.chosen:
            self.chosen[dtype] = min(self.coders, key=lambda name: self._len(name, raw))
        return self.chosen[dtype]

    def _len(self, name, raw):
        return len(self.coders[name].compress(bytearray(self._even(raw))))

    @staticmethod
    def _even(raw):
        """What of it is whole elements of any width."""
        return raw[: len(raw) // 8 * 8]

    def takes(self, piece):
        return len(piece.raw) >= 8

    def prepare(self, piece):
        # It changes what it is given.
        return bytearray(self._even(piece.raw))

    def encode(self, piece, raw):
        return self._of(piece).compress(raw)

    def stored(self, piece, encoded):
        return bytes(encoded) + piece.raw[len(piece.raw) // 8 * 8 :]

    def decode(self, piece, stored):
        return self._of(piece).decompress(stored)

    def raw(self, piece, decoded):
        return bytes(decoded) + piece.raw[len(piece.raw) // 8 * 8 :]

    def whole(self, subject):
        """The file at once, in its main dtype."""
        raw = subject.whole
        return self._len(self._dtype(subject.dtype, raw), raw) + len(raw) % 8


class Zstd(Codec):
    def __init__(self, level):
        self.name = f"zstd-{level}"
        self.encoder = zstandard.ZstdCompressor(level=level)
        self.decoder = zstandard.ZstdDecompressor()

    def encode(self, piece, _):
        return self.encoder.compress(piece.raw)

    def decode(self, piece, stored):
        return self.decoder.decompress(stored)


class Pcodec(Codec):
    name = "pcodec"
    DTYPES = {
        # It has no bfloat16: the bits as integers, in the order of the numbers, are as good for it.
        "bf16": np.uint16, "f16": np.float16, "f32": np.float32, "f64": np.float64, "u8": np.uint8,
        "i8": np.int8, "u16": np.uint16, "i16": np.int16, "u32": np.uint32, "i32": np.int32,
        "u64": np.uint64, "i64": np.int64,
    }

    def __init__(self):
        self.config = pcodec.ChunkConfig(enable_8_bit=True)

    def _numbers(self, piece):
        dtype = np.dtype(self.DTYPES.get(piece.dtype, np.uint8))
        count = len(piece.raw) // dtype.itemsize
        return np.frombuffer(piece.raw, dtype, count)

    def encode(self, piece, _):
        return standalone.simple_compress(self._numbers(piece), self.config)

    def decode(self, piece, stored):
        return standalone.simple_decompress(stored)

    def raw(self, piece, decoded):
        raw = decoded.tobytes()
        return raw + piece.raw[len(raw) :]


class Blosc(Codec):
    """Shuffled bytes and zstd-1."""

    name = "blosc2"

    def encode(self, piece, _):
        return blosc2.compress2(
            piece.raw, typesize=piece.width, codec=blosc2.Codec.ZSTD, clevel=1, nthreads=1,
            filters=[blosc2.Filter.SHUFFLE],
        )

    def decode(self, piece, stored):
        return blosc2.decompress2(stored, nthreads=1)


class Bitshuffle(Codec):
    """Shuffled bits and zstd-1."""

    name = "bitshuffle"

    def encode(self, piece, _):
        count = len(piece.raw) // piece.width
        numbers = np.frombuffer(piece.raw, f"V{piece.width}", count).view(f"u{piece.width}")
        return numbers, bitshuffle.compress_zstd(numbers)

    def stored(self, piece, encoded):
        return encoded

    def stored_len(self, stored):
        return len(stored[1])

    def decode(self, piece, stored):
        numbers, packed = stored
        return bitshuffle.decompress_zstd(packed, numbers.shape, numbers.dtype)

    def raw(self, piece, decoded):
        raw = decoded.tobytes()
        return raw + piece.raw[len(raw) :]


class OpenZl(Codec):
    """Its nodes for floats, then its entropy coder for exponents; its general graph for the rest."""

    name = "OpenZL"

    def __init__(self):
        self.compressors = {}
        self.context, self.decoder = openzl.CCtx(), openzl.DCtx()

    def _compressor(self, dtype):
        if dtype not in self.compressors:
            self.compressors[dtype] = self._make(dtype)
        return self.compressors[dtype]

    @staticmethod
    def _make(dtype):
        compressor = openzl.Compressor()
        compressor.set_parameter(openzl.CParam.FormatVersion, openzl.MAX_FORMAT_VERSION)
        nodes, graphs = openzl.nodes, openzl.graphs
        split = {
            "bf16": (nodes.ConvertSerialToNumLE16, nodes.BFloat16Deconstruct),
            "f16": (nodes.ConvertSerialToNumLE16, nodes.Float16Deconstruct),
            "f32": (nodes.ConvertSerialToNumLE32, nodes.Float32Deconstruct),
        }.get(dtype)
        if split:
            convert, deconstruct = split
            rest = graphs.Store() if dtype == "bf16" else graphs.Compress()
            graph = deconstruct()(compressor, rest, graphs.Entropy())
            graph = convert()(compressor, graph)
        else:
            graph = graphs.Compress()(compressor)
        compressor.select_starting_graph(graph)
        return compressor

    def takes(self, piece):
        return len(piece.raw) % piece.width == 0

    def encode(self, piece, _):
        self.context.ref_compressor(self._compressor(piece.dtype))
        data = np.frombuffer(piece.raw, np.uint8)
        return self.context.compress([openzl.Input(openzl.Type.Serial, data)])

    def decode(self, piece, stored):
        return self.decoder.decompress(stored)[0]

    def raw(self, piece, decoded):
        return decoded.content.as_bytes()


def standalone_codecs():
    """All that are measured without a base; ZipNN, the measure, first."""
    levels = [Sheaf(level) for level in ("fast", "default", "max")]
    peers = [Zstd(1), Zstd(3), Pcodec(), Blosc(), Bitshuffle(), OpenZl()]
    return [Zip(), *levels, *peers, Memcpy()]
