"""A codec on a file: bytes that it stores, seconds that it takes, and that the bytes come back."""

from dataclasses import dataclass

import timing


# A piece of so few bytes (a header) may be stored as it is by a codec that does not take it.
LITTLE = 64 << 10


# Seconds that the runs of a pass may take together.
SECONDS = 1.0


@dataclass
class Result:
    """What a codec made of a file."""

    ratio: float
    encode: float
    decode: float


def all_codecs(codecs, subject, quick):
    """Every codec's result on a file, by its name. They take turns piece by piece, so that what else
    the machine does hits them alike."""
    sums = {codec.name: [0, 0.0, 0.0] for codec in codecs}
    for piece in subject.pieces:
        for codec in codecs:
            if codec.takes(piece):
                add(sums[codec.name], one(codec, piece, quick))
            elif len(piece.raw) <= LITTLE:
                add(sums[codec.name], (len(piece.raw), 0.0, 0.0))
            else:
                sums[codec.name] = None
        codecs = [codec for codec in codecs if sums[codec.name]]
    results = {}
    for codec in codecs:
        stored, encode, decode = sums[codec.name]
        if codec.whole and not quick:
            stored = min(stored, codec.whole(subject))
        raw_len = subject.raw_len
        results[codec.name] = Result(
            stored / raw_len, raw_len / encode / 1e9, raw_len / decode / 1e9
        )
    return results


def in_passes(codecs, subject, quick):
    """As `all_codecs`, but each run goes through all pieces, which together fit no cache: for what is
    as fast as memory."""
    results = {}
    for codec in codecs:
        pieces = subject.pieces
        encode, encoded = timing.best(
            lambda given: [codec.encode(*one) for one in zip(pieces, given)],
            lambda: [codec.prepare(piece) for piece in pieces], quick, SECONDS,
        )
        stored = [codec.stored(*one) for one in zip(pieces, encoded)]
        del encoded
        decode, _ = timing.best(
            lambda given: [codec.decode(*one) is None for one in zip(pieces, given)],
            lambda: [codec.given(one) for one in stored], quick, SECONDS,
        )
        for piece, one in zip(pieces, stored):
            if codec.raw(piece, codec.decode(piece, codec.given(one))) != piece.raw:
                raise SystemExit(f"{codec.name}: a piece of {piece.dtype} came back as another")
        raw_len = subject.raw_len
        results[codec.name] = Result(
            sum(map(codec.stored_len, stored)) / raw_len,
            raw_len / encode / 1e9,
            raw_len / decode / 1e9,
        )
    return results


def add(sums, values):
    for at, value in enumerate(values):
        sums[at] += value


def one(codec, piece, quick):
    """Stored bytes, seconds to encode, seconds to decode."""
    encode, stored = timing.best(
        lambda given: codec.encode(piece, given), lambda: codec.prepare(piece), quick
    )
    stored = codec.stored(piece, stored)
    decode, decoded = timing.best(
        lambda given: codec.decode(piece, given), lambda: codec.given(stored), quick
    )
    if codec.raw(piece, decoded) != piece.raw:
        raise SystemExit(f"{codec.name}: a piece of {piece.dtype} came back as another")
    return codec.stored_len(stored), encode, decode
