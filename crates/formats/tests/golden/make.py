"""Writes the golden files that are made by the formats' own writers.

    python3 make.py [hdf5] [tflite] [ctranslate2] [onnx_external] [openvino] [tensorflow] [tfjs]

wants numpy, h5py, tflite, flatbuffers, ctranslate2, onnx, openvino, tensorflow-cpu and tensorflowjs from PyPI (the last
without what it depends on).
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


def tflite():
    import flatbuffers
    import tflite as schema

    builder = flatbuffers.Builder(0)

    def vector(offsets):
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    def buffer(data=None, behind=None):
        at = builder.CreateByteVector(data) if data else None
        schema.BufferStart(builder)
        if at:
            schema.BufferAddData(builder, at)
        if behind:
            schema.BufferAddOffset(builder, behind[0])
            schema.BufferAddSize(builder, behind[1])
        return schema.BufferEnd(builder)

    def tensor(name, kind, shape, number):
        name = builder.CreateString(name)
        schema.TensorStartShapeVector(builder, len(shape))
        for dim in reversed(shape):
            builder.PrependInt32(dim)
        shape = builder.EndVector()
        schema.TensorStart(builder)
        schema.TensorAddName(builder, name)
        schema.TensorAddShape(builder, shape)
        schema.TensorAddType(builder, kind)
        schema.TensorAddBuffer(builder, number)
        return schema.TensorEnd(builder)

    kinds = schema.TensorType
    weights = numpy.arange(600, dtype="<f4").tobytes()
    # The flatbuffer has 4096 bytes or fewer, and is filled up to that.
    buffers = [
        buffer(),
        buffer(weights),
        buffer(numpy.arange(7, dtype="i1").tobytes()),
        buffer(behind=(4096, 60)),
        buffer(bytes(5)),
    ]
    tensors = [
        tensor("input", kinds.FLOAT32, [1, 30], 0),
        tensor("dense/kernel", kinds.FLOAT32, [20, 30], 1),
        tensor("dense/bias", kinds.INT8, [7], 2),
        tensor("behind", kinds.FLOAT16, [30], 3),
        tensor("nibbles", kinds.INT4, [3, 3], 4),
        tensor("liar", kinds.FLOAT32, [6], 4),
    ]
    tensors, buffers = vector(tensors), vector(buffers)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graphs = vector([schema.SubGraphEnd(builder)])
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    data = bytes(builder.Output())
    data += bytes(4096 - len(data)) + numpy.arange(30, dtype="<f2").tobytes()
    (HERE / "model.tflite").write_bytes(data)


def ctranslate2():
    import tempfile

    from ctranslate2.specs import common_spec, model_spec

    class Spec(model_spec.ModelSpec):
        def __init__(self):
            super().__init__()
            self.linear = common_spec.LinearSpec()
            self.again = common_spec.LinearSpec()

        @property
        def name(self):
            return "TestSpec"

        @property
        def revision(self):
            return 1

    spec = Spec()
    for linear in [spec.linear, spec.again]:
        linear.weight = numpy.arange(600, dtype="f4").reshape(20, 30)
        linear.bias = numpy.arange(20, dtype="f4")
    spec.validate()
    spec.optimize(quantization="int8_float16")
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        data = (pathlib.Path(folder) / "model.bin").read_bytes()
    (HERE / "ctranslate2.bin").write_bytes(data)


def onnx_external():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    arrays = {
        "embed": numpy.arange(600, dtype="f4").reshape(20, 30),
        "halves": numpy.arange(2000, dtype="f2"),
        "ids": numpy.arange(300, dtype="i8"),
        "small": numpy.arange(3, dtype="f4"),
    }
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g",
        [value("x", TensorProto.FLOAT, [1])], [value("y", TensorProto.FLOAT, [1])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    onnx.save_model(
        helper.make_model(graph), HERE / "beside/external.onnx", save_as_external_data=True,
        location="external.onnx_data", size_threshold=64,
    )


def openvino():
    import openvino
    from openvino import opset8 as ops

    def constant(array, name):
        node = ops.constant(array)
        node.set_friendly_name(name)
        return node

    x = ops.parameter([-1, 20], numpy.float32, "x")
    kernel = constant(numpy.arange(600, dtype="f4").reshape(20, 30), 'dense & "kernel"')
    halves = constant(numpy.arange(30, dtype="f2"), "halves")
    y = ops.add(ops.matmul(x, kernel, False, False), ops.convert(halves, "f32"))
    openvino.save_model(openvino.Model([y], [x]), HERE / "beside/graph.xml", compress_to_fp16=False)


def tensorflow():
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(numpy.arange(600, dtype="f4").reshape(20, 30))
            self.layers = [tf.Variable(tf.cast(tf.range(7), tf.bfloat16)) for _ in range(2)]
            self.step = tf.Variable(3, dtype=tf.int64)
            self.flags = tf.Variable([True, False])

    tf.train.Checkpoint(model=Model()).write(str(HERE / "beside/checkpoint"))


def tfjs():
    import importlib.util
    import types

    # Its own module would import all converters and what they stand on.
    home = pathlib.Path(importlib.util.find_spec("tensorflowjs").origin).parent
    package = types.ModuleType("tensorflowjs")
    package.__path__ = [str(home)]
    sys.modules["tensorflowjs"] = package
    from tensorflowjs import write_weights

    weights = [
        {"name": "dense/kernel", "data": numpy.arange(600, dtype="f4").reshape(20, 30)},
        {"name": "dense/bias", "data": numpy.arange(30, dtype="f4")},
        {"name": "ids", "data": numpy.arange(9, dtype="i4")},
    ]
    write_weights.write_weights(
        [weights], str(HERE / "beside"), quantization_dtype_map={"uint8": ["dense/kernel"]}
    )


if __name__ == "__main__":
    all = ["hdf5", "tflite", "ctranslate2", "onnx_external", "openvino", "tensorflow", "tfjs"]
    for name in sys.argv[1:] or all:
        globals()[name]()
