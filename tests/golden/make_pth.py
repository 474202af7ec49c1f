#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of weights as PyTorch itself writes them, for the tests of the .pth reader.

    python3 tests/golden/make_pth.py tests/golden/pth        (needs torch; the files there are PyTorch 2.11's)
    python3 tests/golden/make_pth.py --check FILE.pth        what stg wrote loads with weights_only=True: prints it

Every tensor's element i (row-major) is i + 1 in its own type, so the test needs no second file: only shapes are listed
there. Names of folders and protocols: zip.pth, legacy.pth (before PyTorch 1.6), protocol4.pth, nested.pth (a training
checkpoint), network.pth and parallel.pth (a small module, plain and through DataParallel), refused.pth, uint16.pth,
script.pth and bomb.pth (which the reader must refuse).
"""

import argparse
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
         torch.uint8]


def counting(shape, dtype=torch.float32):
    count = int(torch.tensor(shape).prod()) if shape else 1
    return (torch.arange(count) + 1).to(dtype).reshape(shape)


def every_kind():
    """All types, scalars, empty tensors, views with offsets, strides that are not row-major, shared storages."""
    tensors = OrderedDict()
    for dtype in TYPES:
        tensors[str(dtype).replace("torch.", "type.")] = counting((2, 3), dtype)
    tensors["type.bool"] = torch.tensor([True, False, True])
    tensors["scalar"] = torch.tensor(1.0)
    tensors["empty"] = torch.zeros(0, 7)
    flat = torch.cat([torch.zeros(5), counting((4, 3)).flatten(), counting((2,))])  # one buffer, two views
    tensors["view.first"] = flat[5:17].view(4, 3)
    tensors["view.second"] = flat[17:19]
    tensors["transposed"] = counting((3, 2)).t().contiguous().t()  # stored column by column
    tensors["every_second"] = torch.stack([counting((4,)), torch.zeros(4)], 1).flatten()[::2]
    tensors["permuted"] = counting((2, 3, 4)).permute(2, 0, 1).contiguous().permute(1, 2, 0)
    tensors["parameter"] = nn.Parameter(counting((2, 2)))
    tensors["tied"] = tensors["view.first"]
    return tensors


def network():
    module = nn.Sequential(OrderedDict(fc=nn.Linear(3, 5), norm=nn.BatchNorm1d(5)))
    for tensor in module.state_dict().values():
        tensor.copy_(counting(tuple(tensor.shape), tensor.dtype))
    return module


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = every_kind()
    torch.save(tensors, folder / "zip.pth")
    torch.save(tensors, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(tensors, folder / "protocol4.pth", pickle_protocol=4)
    module = network()
    optimiser = torch.optim.Adam(module.parameters(), lr=0.5)
    module(torch.ones(2, 3)).sum().backward()
    optimiser.step()
    state = network().state_dict()
    torch.save({"epoch": 5, "arch": "toy", "best": 0.25, "state_dict": state, "optimizer": optimiser.state_dict()},
               folder / "nested.pth")
    torch.save(state, folder / "network.pth")
    torch.save(nn.DataParallel(network()).state_dict(), folder / "parallel.pth", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": state, "options": argparse.Namespace(lr=1)}, folder / "refused.pth")
    torch.save({"w": torch.zeros(2, dtype=torch.uint16)}, folder / "uint16.pth")
    plain = folder / "plain.pth"
    torch.save({"w": torch.zeros(1 << 18)}, plain)
    repack(plain, folder / "bomb.pth", zipfile.ZIP_DEFLATED)  # grows a thousandfold, as no weights do
    torch.jit.script(nn.Linear(1, 1)).save(plain)
    repack(plain, folder / "script.pth", zipfile.ZIP_STORED)
    plain.unlink()


def repack(source, target, compression):
    """The same members, packed or not, without the paths of this machine that a script's debug records hold."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if not name.endswith("debug_pkl"):
                new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name), compression)


def check(path):
    for name, tensor in torch.load(path, weights_only=True).items():
        print(name, tensor.dtype, list(tensor.shape), tensor.flatten()[:4].tolist())


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(sys.argv[2])
    else:
        write(Path(sys.argv[1]))
