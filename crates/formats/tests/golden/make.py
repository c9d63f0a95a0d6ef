"""Writes the golden files that are made by the formats' own writers.

    python3 make.py [hdf5]

wants h5py and numpy from PyPI.
"""

import pathlib
import sys

import numpy

HERE = pathlib.Path(__file__).parent


def hdf5():
    import h5py

    for libver in ["earliest", "latest"]:
        with h5py.File(HERE / f"{libver}.h5", "w", libver=libver) as file:
            file.attrs["backend"] = "numpy"
            layer = file.create_group("layers/dense/vars")
            layer["0"] = numpy.arange(600, dtype="<f4").reshape(20, 30)
            layer["1"] = numpy.arange(30, dtype="<f2")
            other = file.create_group("other")
            other["big"] = numpy.arange(7, dtype=">f8")
            other["bytes"] = numpy.arange(9, dtype="u1")
            other["flags"] = numpy.arange(5) > 2
            other["step"] = numpy.int64(3)
            other.create_dataset("text", data="words")
            other.create_dataset("deflated", data=numpy.zeros((8, 8), "<f4"), chunks=(4, 8), compression="gzip")
            other.create_dataset("whole", data=numpy.arange(64, dtype="<i4").reshape(8, 8), chunks=(8, 8))
            if libver == "earliest":
                other.create_dataset("pieces", data=numpy.arange(80, dtype="<i4").reshape(8, 10), chunks=(4, 8))


if __name__ == "__main__":
    for name in sys.argv[1:] or ["hdf5"]:
        globals()[name]()
