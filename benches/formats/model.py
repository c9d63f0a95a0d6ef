"""The model that is written in many formats: all-MiniLM-L6-v2, in fp32."""

import os

import safetensors.torch
import torch


class Model:
    """Its tensors by name, in the order of the file."""

    def __init__(self, corpus):
        self.path = os.path.join(corpus, "all-MiniLM-L6-v2/model.safetensors")
        self.tensors = safetensors.torch.load_file(self.path)

    def arrays(self):
        return {name: tensor.numpy() for name, tensor in self.tensors.items()}

    def module(self):
        """A module of PyTorch that holds the tensors under their names."""
        root = Holder()
        for name, tensor in self.tensors.items():
            *path, last = name.split(".")
            module = root
            for part in path:
                if part not in module._modules:
                    module.add_module(part, Holder())
                module = module._modules[part]
            module.register_buffer(last, tensor)
        return root


class Holder(torch.nn.Module):
    def forward(self, x):
        return x
