"""PyTorch's files."""

import shutil
import tarfile

import safetensors.torch
import torch


def original(model, path):
    shutil.copy(model.path, path)


def saved(model, path):
    torch.save(model.tensors, path)


def legacy(model, path):
    torch.save(model.tensors, path, _use_new_zipfile_serialization=False)


def script(model, path):
    torch.jit.script(model.module()).save(path)


def shards(model, path):
    """The second of two shards: all but the first quarter of the tensors."""
    names = list(model.tensors)
    kept = names[len(names) // 4 :]
    safetensors.torch.save_file({name: model.tensors[name] for name in kept}, path)


def nemo(model, path):
    """A tar of a checkpoint and its description, as NeMo writes it."""
    checkpoint = path + ".ckpt"
    torch.save(model.tensors, checkpoint)
    with tarfile.open(path, "w:") as tar:
        tar.add(checkpoint, "./model_weights.ckpt")


MAKERS = {
    "model.safetensors": original,
    "model-00002-of-00002.safetensors": shards,
    "pytorch_model.bin": saved,
    "before zip.pt": legacy,
    "TorchScript.pt": script,
    "model.nemo": nemo,
}
