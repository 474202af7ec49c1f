#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our weights in the original networks of vid2vid and pix2pixHD, and theirs in ours: the same pictures to 1e-4.

At the published sizes, in float32, through .pth files in both directions. Nothing of the originals is kept here: the script
imports their models/networks.py from clones that you name. Run (needs NumPy and torch; the latter is in LibTorch's folder):

    cmake --build build/test --target image_network
    PYTHONPATH=~/.cache/stgmamba/libtorch-2.11.0 python3 tests/golden/compare_image_networks.py VID2VID PIX2PIXHD \
        --program build/test/bin/image_network

Prints one line a network and direction and ends with exit code 1 when one differs. vid2vid's batch norm, in training mode
on one sample, is what its release amounts to.
"""

import argparse
import ctypes
import functools
import json
import math
import struct
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from make_golden_image import load  # noqa: E402

BATCH_NORM = functools.partial(nn.BatchNorm2d, affine=True)
INSTANCE_NORM = functools.partial(nn.InstanceNorm2d, affine=False)
SIZE = 256


def on_any_machine():
    """The originals want a GPU and torchvision, which these networks do not need."""
    torch.Tensor.cuda = lambda self, *_: self
    sys.modules["torchvision"] = types.SimpleNamespace(models=None)
    sample = nn.functional.grid_sample
    nn.functional.grid_sample = functools.partial(sample, align_corners=True)


class Case:
    def __init__(self, name, config, theirs, inputs, call):
        self.name, self.config, self.theirs, self.inputs, self.call = name, config, theirs, inputs, call


def pictures(*shape):
    """Smooth pictures and sharp lines, in -1..1."""
    x = torch.rand(*shape[:-2], shape[-2] // 8, shape[-1] // 8) * 2 - 1
    flat = x.reshape(-1, 1, *x.shape[-2:])
    return nn.functional.interpolate(flat, scale_factor=8, mode="bilinear").reshape(shape)


def cases(v2v, p2p, size):
    photo, pose, x = pictures(1, 3, size, size), pictures(1, 1, 3, size, size), pictures(1, 6, size, size)
    image_in = {"photo": photo, "pose_maps": pose}

    def composite(frames, no_flow):
        opt = types.SimpleNamespace(fp16=False)
        return lambda: v2v.CompositeGenerator(opt, 3 * frames, 3, 3 * max(1, frames - 1), 64, 3, 9, no_flow=no_flow,
                                              norm_layer=BATCH_NORM)

    def call_composite(frames):
        return lambda net: {"frames": net(pose[0].repeat(1, frames, 1, 1), photo.repeat(1, max(1, frames - 1), 1, 1), None,
                                          None, None, None, False)[0].unsqueeze(1)}

    def stages(net, x):
        return {f"scale{i}_stage{j}": v for i, scale in enumerate(net(x)) for j, v in enumerate(scale)}

    both = torch.cat([pose[0], photo], 1)
    yield Case("GrComposite", "model: {name: gr_composite}", composite(1, True), image_in, call_composite(1))
    yield Case("GrComposite with flow", "model: {name: gr_composite, flow: true}", composite(1, False), image_in,
               call_composite(1))
    yield Case("vid2vid", "model: {name: vid2vid}", composite(3, True), image_in, call_composite(3))
    yield Case("vid2vid with flow", "model: {name: vid2vid, flow: true}", composite(3, False), image_in, call_composite(3))
    yield Case("pix2pixHD global", "model: {name: pix2pixhd}", lambda: p2p.GlobalGenerator(6, 3, 64, 4, 9, INSTANCE_NORM),
               image_in, lambda net: {"frames": net(both).unsqueeze(1)})
    yield Case("pix2pixHD enhancer", "model: {name: pix2pixhd, ngf: 64, downs: 4, enhancer_blocks: 3}",
               lambda: p2p.LocalEnhancer(6, 3, 32, 4, 9, 1, 3, INSTANCE_NORM), image_in,
               lambda net: {"frames": net(both).unsqueeze(1)})
    yield Case("vid2vid discriminator", "discriminator: {channels: 6}",
               lambda: v2v.MultiscaleDiscriminator(6, 64, 3, BATCH_NORM, 2, True), {"x": x}, lambda net: stages(net, x))
    yield Case("pix2pixHD discriminator", "discriminator: {channels: 6, norm: instance}",
               lambda: p2p.MultiscaleDiscriminator(6, 64, 3, INSTANCE_NORM, False, 2, True), {"x": x},
               lambda net: stages(net, x))


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name in sorted(tensors):
        tensor = tensors[name].float().contiguous()
        raw = ctypes.string_at(tensor.data_ptr(), tensor.nbytes)  # without NumPy
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    raw = path.read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:start])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            tensors[name] = torch.frombuffer(bytearray(raw[start + first:start + last]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


def fill(net, gain=1.5):
    """Weights far from any initialisation, so that a picture uses its whole range."""
    with torch.no_grad():
        for name, p in net.named_parameters():
            scale = gain / math.sqrt(p[0].numel()) if p.dim() > 1 else 0.2
            p.normal_(1.0 if p.dim() == 1 and name.endswith("weight") else 0.0, scale)


def largest_difference(ours, theirs):
    assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    for name, value in theirs.items():
        assert ours[name].shape == value.shape, (name, ours[name].shape, value.shape)
    return max((ours[n] - v).abs().max().item() / max(1.0, v.abs().max().item()) for n, v in theirs.items())


def compare(case, program, folder):
    config = folder / "network.yaml"
    v2v = "pix2pix" not in case.name
    config.write_text(case.config + f"\nweight_map: {'vid2vid' if v2v else 'pix2pixhd'}\n")
    write_safetensors(folder / "inputs.safetensors", case.inputs)
    for theirs_first in (False, True):
        torch.manual_seed(7)
        net = case.theirs()
        if theirs_first:
            fill(net)
            torch.save(net.state_dict(), folder / "theirs.pth")
        subprocess.run([program, config, folder], check=True)
        if not theirs_first:
            state = torch.load(folder / "ours.pth")
            missing, unexpected = net.load_state_dict(state, strict=False)
            assert not unexpected and all("running_" in n or "num_batches" in n for n in missing), (missing, unexpected)
        with torch.no_grad():
            theirs = case.call(net)
        difference = largest_difference(read_safetensors(folder / "outputs.safetensors"), theirs)
        spread = max(v.std().item() for v in theirs.values())
        direction = "theirs in ours" if theirs_first else "ours in theirs"
        count = sum(p.numel() for p in net.parameters())
        print(f"{case.name:26} {direction}  {count:11d} parameters  largest difference {difference:.1e}  "
              f"(standard deviation {spread:.2f})", flush=True)
        yield difference < 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vid2vid")
    parser.add_argument("pix2pixhd")
    parser.add_argument("--program", required=True)
    parser.add_argument("--size", type=int, default=SIZE)
    args = parser.parse_args()
    on_any_machine()
    program = str(Path(args.program).resolve())
    good = True
    for case in cases(load(args.vid2vid), load(args.pix2pixhd), args.size):
        with tempfile.TemporaryDirectory() as folder:
            good = all(list(compare(case, program, Path(folder)))) and good
    print("all agree" if good else "NOT all agree")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
