"""NumPy's files, and zips."""

import zipfile

import numpy


def several(model, path):
    with open(path, "wb") as file:
        numpy.savez(file, **model.arrays())


def one(model, path):
    largest = max(model.arrays().values(), key=lambda array: array.nbytes)
    with open(path, "wb") as file:
        numpy.save(file, largest)


def zipped(model, path):
    """A model put together by hand: stored, at whatever alignment."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("readme.txt", "odd")
        file.write(model.path, "model.safetensors")


MAKERS = {"arrays.npz": several, "array.npy": one, "model.zip": zipped}
