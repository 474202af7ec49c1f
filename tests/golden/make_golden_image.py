#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden values of the skeleton-to-video networks from the original modules of vid2vid and pix2pixHD, and of VGG19.

Nothing of the originals is kept here: the script imports their models/networks.py from clones that you name. Weights and
inputs are formulas of the name and the element's index, as in make_golden.py, so equal results also prove equal names:

    value[i] = centre + scale * sin(0.7 i + 0.01 (fnv1a(name) mod 1000))

Run (needs torch and clones of NVIDIA/vid2vid and NVIDIA/pix2pixHD):
    python3 tests/golden/make_golden_image.py VID2VID PIX2PIXHD tests/golden/image.safetensors
Writes "<case>.<output>", computed in float64, in float32. vid2vid's batch norm, in training mode on one sample, is what its release amounts
to; the case composite_batch has two samples. grid_sample gets align_corners=True, PyTorch's meaning when vid2vid was
written.
"""

import functools
import importlib.util
import json
import struct
import sys
import types
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from make_golden import fill, formula  # noqa: E402

H, W = 16, 24


def load(repository):
    spec = importlib.util.spec_from_file_location("networks", Path(repository) / "models/networks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def on_any_machine():
    """The originals want a GPU and torchvision, which these networks do not need."""
    torch.set_default_dtype(torch.float64)
    torch.Tensor.cuda = lambda self, *_: self
    sys.modules["torchvision"] = types.SimpleNamespace(models=None)
    sample = nn.functional.grid_sample
    nn.functional.grid_sample = functools.partial(sample, align_corners=True)


def composite_cases(v2v, results):
    batch = functools.partial(nn.BatchNorm2d, affine=True)
    opt = types.SimpleNamespace(fp16=False)
    for case, samples, flow in (("composite", 1, False), ("composite_flow", 1, True), ("composite_batch", 2, True)):
        net = fill(v2v.CompositeGenerator(opt, 9, 3, 6, 4, 2, 3, no_flow=not flow, norm_layer=batch))
        pose, image = formula("pose", (samples, 9, H, W)), formula("image", (samples, 6, H, W))
        final, flow_map, weight, raw, *_ = net(pose, image, None, None, None, None, False)
        outputs = {"final": final}
        if flow:
            outputs.update(raw=raw, flow=flow_map, weight=weight)
        results.update({f"{case}.{name}": value for name, value in outputs.items()})


def global_cases(p2p, results):
    instance = functools.partial(nn.InstanceNorm2d, affine=False)
    x = formula("x", (2, 6, H, W))
    results["global.final"] = fill(p2p.GlobalGenerator(6, 3, 4, 2, 2, instance))(x)
    results["local.final"] = fill(p2p.LocalEnhancer(6, 3, 3, 2, 2, 1, 2, instance))(x)


def discriminator_cases(v2v, p2p, results):
    batch = functools.partial(nn.BatchNorm2d, affine=True)
    instance = functools.partial(nn.InstanceNorm2d, affine=False)
    v2v_net = fill(v2v.MultiscaleDiscriminator(5, 4, 3, batch, 2, True))
    p2p_net = fill(p2p.MultiscaleDiscriminator(5, 4, 2, instance, False, 3, True))
    for case, net in (("patch_vid2vid", v2v_net), ("patch_pix2pixhd", p2p_net)):
        real, fake = net(formula("real", (1, 5, H, W))), net(formula("fake", (1, 5, H, W)))
        for scale, stages in enumerate(real):
            for stage, value in enumerate(stages):
                results[f"{case}.{scale}.{stage}"] = value
        layers, scales = len(real[0]) - 2, len(real)
        mse, l1 = nn.MSELoss(), nn.L1Loss()
        results[f"{case}.gan"] = sum(mse(s[-1], torch.ones_like(s[-1])) for s in fake).reshape(1)
        results[f"{case}.real"] = sum(mse(s[-1], torch.ones_like(s[-1])) for s in real).reshape(1)
        results[f"{case}.fake"] = sum(mse(s[-1], torch.zeros_like(s[-1])) for s in fake).reshape(1)
        results[f"{case}.features"] = sum(4.0 / (layers + 1) / scales * l1(f, r) for fs, rs in zip(fake, real)
                                          for f, r in zip(fs[:-1], rs[:-1])).reshape(1)


def vgg_case(results):
    """VGG19 as torchvision lays it out, from its published table; the outputs that perceptual losses take."""
    layers, channels = [], 3
    for width in (64, 64, None, 128, 128, None, 256, 256, 256, 256, None, 512, 512, 512, 512, None, 512):
        if width is None:
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    net = nn.Module()
    net.features = nn.Sequential(*layers)
    fill(net)
    for case in ("real", "fake"):
        x = formula(case, (1, 3, 16, 32))
        for index, layer in enumerate(layers):
            x = layer(x)
            if index in (1, 6, 11, 20, 29):
                results[f"vgg19.{case}.{index}"] = x
    loss = sum(w * (results[f"vgg19.fake.{i}"] - results[f"vgg19.real.{i}"]).abs().mean()
               for w, i in zip((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), (1, 6, 11, 20, 29)))
    for name in [name for name in results if name.startswith("vgg19.")]:
        value = results.pop(name)
        if name == "vgg19.real.29":
            results[name] = value
        results[name + ".mean"] = value.mean().reshape(1)
    results["vgg19.loss"] = loss.reshape(1)


def write(path, tensors):
    header, data = {}, b""
    for name in sorted(tensors):
        raw = tensors[name].detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    on_any_machine()
    vid2vid, pix2pixhd = load(sys.argv[1]), load(sys.argv[2])
    golden = {}
    composite_cases(vid2vid, golden)
    global_cases(pix2pixhd, golden)
    discriminator_cases(vid2vid, pix2pixhd, golden)
    vgg_case(golden)
    write(sys.argv[3], golden)
