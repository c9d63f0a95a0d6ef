"""Models whose weights are in files beside them."""

import json
import os

import numpy


def openvino(model, path):
    """As OpenVINO saves a model of these constants."""
    import openvino
    from openvino import opset8 as ops

    def constant(name, array):
        node = ops.constant(array)
        node.set_friendly_name(name)
        return ops.result(node)

    os.mkdir(path)
    results = [constant(name, array) for name, array in model.arrays().items()]
    graph = openvino.Model(results, [])
    openvino.save_model(graph, os.path.join(path, "model.xml"), compress_to_fp16=False)


def tfjs(model, path):
    """As TF.js's converter writes weights: one group, in shards of 4 MiB. Its package wants all of TensorFlow."""
    shard_len = 4 << 20
    arrays = {name: a.astype(numpy.int32) if a.dtype == numpy.int64 else a for name, a in model.arrays().items()}
    group = b"".join(array.tobytes() for array in arrays.values())
    shards = [group[at : at + shard_len] for at in range(0, len(group), shard_len)]
    paths = [f"group1-shard{number + 1}of{len(shards)}.bin" for number in range(len(shards))]
    weights = [{"name": name, "shape": a.shape, "dtype": str(a.dtype)} for name, a in arrays.items()]
    os.mkdir(path)
    for name, shard in zip(paths, shards):
        with open(os.path.join(path, name), "wb") as file:
            file.write(shard)
    with open(os.path.join(path, "model.json"), "w") as file:
        json.dump({"weightsManifest": [{"paths": paths, "weights": weights}]}, file)
