"""GGUF: the model by the format's own writer and quantiser, and files that people use."""

import os
import shutil

import gguf
import numpy


def quantised(name):
    """Matrices whose rows are whole blocks as blocks of a type, all else as it is: what converters do."""
    kind = gguf.GGMLQuantizationType[name]
    block, _ = gguf.GGML_QUANT_SIZES[kind]

    def make(model, path):
        writer = gguf.GGUFWriter(path, "bert")
        for name, array in model.arrays().items():
            if array.dtype == numpy.float32 and array.ndim == 2 and array.shape[1] % block == 0:
                writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
            else:
                writer.add_tensor(name, array)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    return make


def of_the_corpus(name):
    def copy(model, path):
        shutil.copy(os.path.join(os.path.dirname(model.path), "..", name), path)

    return copy


MAKERS = {
    "model.F16.gguf": quantised("F16"),
    "model.Q8_0.gguf": quantised("Q8_0"),
    "model.Q4_0.gguf": quantised("Q4_0"),
    "SmolLM2-135M-Instruct.Q4_1.gguf": of_the_corpus("SmolLM2-135M-Instruct.Q4_1.gguf"),
    "gemma-3-270m-q4_k_m.gguf": of_the_corpus("gemma-3-270m-q4_k_m.gguf"),
}
