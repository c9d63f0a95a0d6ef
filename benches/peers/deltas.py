"""The codecs against a base. Where a piece has none, each does what it does without."""

import numpy as np
import pcodec
import zstandard
from pcodec import standalone
from zipnn import ZipNN

from peers import Codec, Sheaf, Zip


class ZipDelta(Zip):
    """ZipNN's own delta, of bytes."""

    name = "ZipNN delta"

    def __init__(self):
        super().__init__()
        self.plain = dict(self.coders)
        self.delta = {dtype: self._delta(dtype) for dtype in self.coders}

    def _delta(self, dtype):
        return ZipNN(
            bytearray_dtype=dtype, input_format="byte", threads=1, delta_compressed_type="byte"
        )

    def prepare(self, piece):
        base = piece.base and bytearray(self._even(piece.base.data))
        return bytearray(self._even(piece.raw)), base

    def _len(self, name, raw):
        return len(self.plain[name].compress(bytearray(self._even(raw))))

    def encode(self, piece, given):
        raw, base = given
        dtype = self._dtype(piece.dtype, piece.raw)
        if base is None:
            return self.plain[dtype].compress(raw)
        return self.delta[dtype].compress(raw, delta_second_data=base)

    def decode(self, piece, stored):
        dtype = self._dtype(piece.dtype, piece.raw)
        if piece.base is None:
            return self.plain[dtype].decompress(stored)
        base = self._even(piece.base.data)
        return self.delta[dtype].decompress(stored, delta_second_data=base)

    def whole(self, subject):
        with open(subject.base_path, "rb") as file:
            base = file.read()
        raw = subject.whole
        if len(base) != len(raw):
            return len(raw)
        coder = self.delta[self._dtype(subject.dtype, raw)]
        stored = coder.compress(
            bytearray(self._even(raw)), delta_second_data=bytearray(self._even(base))
        )
        return len(stored) + len(raw) % 8


def ordered(numbers):
    """Bits of floats as integers in the order of the floats."""
    top = numbers.dtype.type(1 << (numbers.dtype.itemsize * 8 - 1))
    return np.where(numbers & top, ~numbers, numbers | top)


def unordered(numbers):
    top = numbers.dtype.type(1 << (numbers.dtype.itemsize * 8 - 1))
    return np.where(numbers & top, numbers ^ top, ~numbers)


class Difference(Codec):
    """The zigzag of the difference of the ordered bits, which something else makes smaller."""

    def _numbers(self, raw, width):
        return np.frombuffer(raw, f"u{width}", len(raw) // width)

    def _difference(self, piece):
        numbers = self._numbers(piece.raw, piece.width)
        if piece.base is None:
            return numbers
        base = self._numbers(piece.base.data, piece.width)
        of = (ordered(numbers) - ordered(base)).view(f"i{piece.width}")
        return ((of << 1) ^ (of >> (piece.width * 8 - 1))).view(f"u{piece.width}")

    def _sum(self, piece, difference):
        if piece.base is None:
            raw = difference.tobytes()
        else:
            base = self._numbers(piece.base.data, piece.width)
            of = (difference >> 1) ^ (0 - (difference & 1))
            raw = unordered(ordered(base) + of).tobytes()
        return raw + piece.raw[len(raw) :]


class DifferenceZstd(Difference):
    name = "difference + zstd-1"

    def __init__(self):
        self.encoder = zstandard.ZstdCompressor(level=1)
        self.decoder = zstandard.ZstdDecompressor()

    def encode(self, piece, _):
        planes = self._difference(piece).view(np.uint8).reshape(-1, piece.width).T
        return self.encoder.compress(planes.tobytes())

    def decode(self, piece, stored):
        planes = np.frombuffer(self.decoder.decompress(stored), np.uint8)
        bytes_ = np.ascontiguousarray(planes.reshape(piece.width, -1).T)
        return self._sum(piece, bytes_.reshape(-1).view(f"u{piece.width}"))


class DifferencePcodec(Difference):
    name = "difference + pcodec"

    def encode(self, piece, _):
        return standalone.simple_compress(self._difference(piece), pcodec.ChunkConfig(enable_8_bit=True))

    def decode(self, piece, stored):
        return self._sum(piece, standalone.simple_decompress(stored))


class ZstdPatch(Codec):
    """`zstd --patch-from`, of each piece from the piece at its place."""

    name = "zstd --patch-from"

    def _dictionary(self, piece):
        base = piece.base.data if piece.base else b""
        return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)

    def encode(self, piece, _):
        params = zstandard.ZstdCompressionParameters.from_level(
            3, window_log=25, enable_ldm=True, source_size=len(piece.raw)
        )
        encoder = zstandard.ZstdCompressor(
            compression_params=params, dict_data=self._dictionary(piece)
        )
        return encoder.compress(piece.raw)

    def decode(self, piece, stored):
        decoder = zstandard.ZstdDecompressor(
            dict_data=self._dictionary(piece), max_window_size=1 << 26
        )
        return decoder.decompress(stored)


def delta_codecs():
    """All that are measured against a base; ZipNN's, the measure, first."""
    levels = [Sheaf(level) for level in ("fast", "default", "max")]
    return [ZipDelta(), *levels, DifferenceZstd(), DifferencePcodec(), ZstdPatch()]
