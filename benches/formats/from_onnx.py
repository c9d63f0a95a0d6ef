"""ONNX models."""

import glob
import os
import shutil

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def graph(initializers):
    """A model of these tensors that does next to nothing."""
    value = helper.make_tensor_value_info
    node = helper.make_node("Identity", ["x"], ["y"])
    inputs, outputs = [value("x", TensorProto.FLOAT, [1])], [value("y", TensorProto.FLOAT, [1])]
    return helper.make_model(helper.make_graph([node], "g", inputs, outputs, initializers))


def raw(model, path, of=lambda array: array):
    tensors = [numpy_helper.from_array(of(a), name) for name, a in model.arrays().items()]
    onnx.save(graph(tensors), path)


def half(model, path):
    raw(model, path, lambda a: a.astype(numpy.float16) if a.dtype == numpy.float32 else a)


def transposed(model, path):
    """As an export leaves the weights of layers, which it makes products of matrices."""

    def of(array):
        return numpy.ascontiguousarray(array.T) if array.ndim == 2 else array

    raw(model, path, of)


def eight_bits(model, path):
    """Weights as dynamic quantisation leaves them: one scale, 8 bits, no sign."""

    def quantised(a):
        if a.dtype != numpy.float32 or a.ndim < 2:
            return a
        low, high = float(a.min()), float(a.max())
        return numpy.round((a - low) / (high - low) * 255).astype(numpy.uint8)

    raw(model, path, quantised)


def four_bits(model, path):
    """Weights of 4 bits, with a scale for 32 of them, as MatMulNBits has them."""
    tensors = []
    for name, a in model.arrays().items():
        if a.dtype != numpy.float32 or a.ndim < 2 or a.shape[1] % 32:
            tensors.append(numpy_helper.from_array(a, name))
            continue
        blocks = a.reshape(a.shape[0], -1, 32)
        scales = numpy.abs(blocks).max(2, keepdims=True) / 7
        scales[scales == 0] = 1
        q = numpy.clip(numpy.round(blocks / scales) + 8, 0, 15).astype(numpy.uint8)
        packed = q[..., 0::2] | q[..., 1::2] << 4
        tensors.append(numpy_helper.from_array(packed, name + "_Q4"))
        tensors.append(numpy_helper.from_array(scales.astype(numpy.float32), name + "_scales"))
    onnx.save(graph(tensors), path)


def typed(model, path):
    def tensor(name, a):
        dtype = helper.np_dtype_to_tensor_dtype(a.dtype)
        return helper.make_tensor(name, dtype, a.shape, a.flatten().tolist())

    onnx.save(graph([tensor(name, a) for name, a in model.arrays().items()]), path)


def external(model, path):
    """The file of the weights alone."""
    folder, name = os.path.split(path)
    tensors = [numpy_helper.from_array(a, name) for name, a in model.arrays().items()]
    graph_path = os.path.join(folder, "with external data.onnx")
    onnx.save_model(graph(tensors), graph_path, save_as_external_data=True, location=name)


def with_external(model, path):
    """A folder of a model and the file of its weights."""
    os.mkdir(path)
    tensors = [numpy_helper.from_array(a, name) for name, a in model.arrays().items()]
    onnx.save_model(
        graph(tensors), os.path.join(path, "model.onnx"),
        save_as_external_data=True, location="model.onnx_data",
    )


def installed(name):
    """A file that comes with silero-vad."""

    def copy(model, path):
        import importlib.util

        home = os.path.dirname(importlib.util.find_spec("silero_vad").origin)
        (found,) = glob.glob(os.path.join(home, "data", name))
        shutil.copy(found, path)

    return copy


MAKERS = {
    "model.onnx": raw,
    "model_fp16.onnx": half,
    "model_uint8.onnx": eight_bits,
    "model_q4.onnx": four_bits,
    "typed fields.onnx": typed,
    "model.onnx_data": external,
    "silero_vad.onnx": installed("silero_vad.onnx"),
    "silero_vad_half.onnx": installed("silero_vad_half.onnx"),
    "silero_vad.jit": installed("silero_vad.jit"),
}
