"""PyTorch's files."""

import os
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


def shard(model, path, names):
    safetensors.torch.save_file({name: model.tensors[name] for name in names}, path)


def two_shards(model, folder):
    """Both shards, the first with a quarter of the tensors."""
    names = list(model.tensors)
    quarter = len(names) // 4
    os.mkdir(folder)
    shard(model, os.path.join(folder, "model-00001-of-00002.safetensors"), names[:quarter])
    shard(model, os.path.join(folder, "model-00002-of-00002.safetensors"), names[quarter:])


def nemo(model, path):
    """A tar of a checkpoint and its description, as NeMo writes it."""
    checkpoint = path + ".ckpt"
    torch.save(model.tensors, checkpoint)
    with tarfile.open(path, "w:") as tar:
        tar.add(checkpoint, "./model_weights.ckpt")


MAKERS = {
    "model.safetensors": original,
    "pytorch_model.bin": saved,
    "before zip.pt": legacy,
    "TorchScript.pt": script,
    "model.nemo": nemo,
}
