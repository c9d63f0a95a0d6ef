"""Formats that are read by addresses, or on the way through: HDF5, TFLite, CTranslate2, Core ML; and a
convention of safetensors."""

import os
import shutil
import tempfile

import numpy


def hdf5(model, path):
    """Groups in groups, as Keras keeps the variables of layers."""
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in model.arrays().items():
            file[name.replace(".", "/")] = array


def tflite(model, path):
    """Constants of one graph, in the schema's own builder."""
    import flatbuffers
    import tflite as schema

    builder = flatbuffers.Builder(100 << 20)
    kinds = {"float32": schema.TensorType.FLOAT32, "int64": schema.TensorType.INT64}

    def offsets(of):
        builder.StartVector(4, len(of), 4)
        for offset in reversed(of):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    def buffer(data):
        # As the runtime wants them.
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        at = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, at)
        return schema.BufferEnd(builder)

    def tensor(name, array, number):
        name = builder.CreateString(name)
        shape = builder.CreateNumpyVector(numpy.array(array.shape, "<i4"))
        schema.TensorStart(builder)
        schema.TensorAddName(builder, name)
        schema.TensorAddShape(builder, shape)
        schema.TensorAddType(builder, kinds[str(array.dtype)])
        schema.TensorAddBuffer(builder, number)
        return schema.TensorEnd(builder)

    arrays = model.arrays()
    buffers = offsets([buffer(b"")] + [buffer(array.tobytes()) for array in arrays.values()])
    named = enumerate(arrays.items(), 1)
    tensors = offsets([tensor(name, array, number) for number, (name, array) in named])
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graphs = offsets([schema.SubGraphEnd(builder)])
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    with open(path, "wb") as file:
        file.write(builder.Output())


def ctranslate2(quantization):
    """The converter's `model.bin`."""

    def make(model, path):
        from ctranslate2.converters import TransformersConverter

        with tempfile.TemporaryDirectory() as folder:
            source = TransformersConverter(os.path.dirname(model.path))
            source.convert(folder, quantization=quantization, force=True)
            shutil.move(os.path.join(folder, "model.bin"), path)

    return make


def core_ml(model, path):
    """The weights of a program to which each tensor is a constant."""
    import coremltools
    from coremltools.converters.mil import Builder

    @Builder.program(input_specs=[Builder.TensorSpec(shape=(1,))])
    def program(x):
        outputs = []
        for array in model.arrays().values():
            if array.dtype == "float32":
                # Else it would be folded away.
                outputs.append(Builder.add(x=array, y=x))
        return tuple(outputs)

    made = coremltools.convert(
        program,
        convert_to="mlprogram",
        compute_precision=coremltools.precision.FLOAT32,
        minimum_deployment_target=coremltools.target.iOS16,
    )
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(folder, "model.mlpackage")
        made.save(package)
        weights = os.path.join(package, "Data/com.apple.CoreML/weights/weight.bin")
        shutil.move(weights, path)


def mxfp4(model, path):
    """Blocks of 32 numbers of 4 bits, and a power of two for each, as gpt-oss has them."""
    from safetensors.numpy import save_file

    numbers = numpy.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], numpy.float32)

    def pair(array):
        blocks = array.reshape(*array.shape[:-1], -1, 32)
        largest = numpy.maximum(numpy.abs(blocks).max(-1), 1e-30)
        exponents = numpy.floor(numpy.log2(largest)) - 2
        scaled = numpy.abs(blocks) / numpy.exp2(exponents)[..., None]
        codes = numpy.abs(scaled[..., None] - numbers).argmin(-1).astype(numpy.uint8)
        codes |= (blocks < 0).astype(numpy.uint8) << 3
        return codes[..., 0::2] | codes[..., 1::2] << 4, (exponents + 127).astype(numpy.uint8)

    tensors = {}
    for name, array in model.arrays().items():
        if array.dtype != "float32" or array.ndim != 2 or array.shape[1] % 32:
            tensors[name] = array
            continue
        tensors[f"{name}_blocks"], tensors[f"{name}_scales"] = pair(array)
    save_file(tensors, path)


MAKERS = {
    "model.h5": hdf5,
    "model.tflite": tflite,
    "model.bin": ctranslate2(None),
    "model_int8.bin": ctranslate2("int8"),
    "weight.bin": core_ml,
    "mxfp4.safetensors": mxfp4,
}
