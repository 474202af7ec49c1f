#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our weights in MDVS's own networks, and theirs in ours: the same poses, scores and features to 1e-5.

Generator, pose perceptual network (ST-GCN) and both discriminators at the published sizes, in float32, in evaluation
mode, through .pth files in both directions; ours load there with strict=True. Nothing of the original is kept here: the
script imports its modules from a clone that you name. Run (needs torch, which is in LibTorch's folder, and NumPy):

    cmake --build build/test --target dance_network
    PYTHONPATH=~/.cache/stgmamba/libtorch-2.11.0 python3 tests/golden/compare_dance_networks.py MDVS \
        --program build/test/bin/dance_network

Prints one line a network and direction and ends with exit code 1 when one differs. One clip at a time: with more, MDVS
takes the music of one for that of another. The fourth map of the sequence discriminator is not compared: there the third
is handed out twice.
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from compare_image_networks import fill, largest_difference, read_safetensors, write_safetensors  # noqa: E402

FRAMES = 50
TOLERANCE = 1e-5


class Fixed:
    """Stands where the generator makes a tensor for its noise."""

    def __init__(self, noise):
        self.noise = noise

    def normal_(self, *_):
        return self.noise


def on_any_machine(mdvs):
    """The originals want a GPU and packages that these networks do not need."""
    torch.Tensor.cuda = lambda self, *_: self
    for name in ("torchvision", "openpyxl"):
        sys.modules[name] = types.ModuleType(name)
    sys.path.insert(0, str(mdvs))


def cases(noise, audio, pose):
    flat = pose.reshape(1, FRAMES, 36)

    def published(module, name, *args, **kwargs):
        return lambda: getattr(importlib.import_module(module), name)(*args, **kwargs)

    def generate(net):
        torch.FloatTensor = lambda *_: Fixed(noise)
        return {"pose": net(audio[0].unsqueeze(1)).reshape(1, FRAMES, 18, 2)}

    def perceive(net):
        return {"classes": net(flat), **{f"block{i}": v for i, v in enumerate(net.extract_feature(flat))}}

    def judge(net):
        maps = {f"map{i}": v for i, v in enumerate(net.extract_feature(flat)) if i != 3}
        return {"real": net(flat, audio[0].unsqueeze(1)), **maps}

    graph = {"layout": "openpose", "strategy": "spatial"}
    yield "generator", "model: {name: mdvs}\nweight_map: mdvs", published("model.pose_generator_norm", "Generator", 1), generate
    yield ("perceptual", "weight_map: stgcn",
           published("net.st_gcn_perceptual", "Model", 2, 16, graph, edge_importance_weighting=True), perceive)
    yield "frame", "", published("model.local_HCN_frame_D", "HCN"), lambda net: {"real": net(flat)}
    yield "sequence", "", published("model.HCN_D", "seq_discriminator", 1), judge


def settle(net):
    """Statistics of batch norm that are not the fresh ones."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.normal_(0.0, 0.3)
            module.running_var.uniform_(0.5, 2.0)


def compare(name, config, make, call, program, folder):
    (folder / "network.yaml").write_text(f"network: {name}\n{config}\n")
    for theirs_first in (False, True):
        torch.manual_seed(7)
        net = make()
        if theirs_first:
            fill(net, gain=1.0)  # beyond it poses saturate, and float32 itself is 1e-5 from float64
            settle(net)
            torch.save(net.state_dict(), folder / "theirs.pth")
        subprocess.run([program, folder / "network.yaml", folder], check=True)
        if not theirs_first:
            net.load_state_dict(torch.load(folder / "ours.pth"), strict=True)
        net.eval()
        with torch.no_grad():
            theirs = call(net)
        ours = {n: v for n, v in read_safetensors(folder / "outputs.safetensors").items() if n in theirs}
        difference = largest_difference(ours, theirs)
        count = sum(p.numel() for p in net.parameters())
        direction = "theirs in ours" if theirs_first else "ours in theirs"
        print(f"{name:11} {direction}  {count:9d} parameters  {len(theirs):2d} outputs  largest difference {difference:.1e}",
              flush=True)
        yield difference < TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mdvs", type=Path)
    parser.add_argument("--program", required=True)
    args = parser.parse_args()
    on_any_machine(args.mdvs.resolve())
    torch.manual_seed(3)
    audio, noise = torch.rand(1, FRAMES, 1600) * 2 - 1, torch.randn(1, FRAMES, 10) * 0.33
    pose = torch.rand(1, FRAMES, 18, 2) * 2 - 1
    good = True
    for name, config, make, call in cases(noise, audio, pose):
        with tempfile.TemporaryDirectory() as folder:
            write_safetensors(Path(folder) / "inputs.safetensors", {"audio": audio, "noise": noise, "pose": pose})
            program = str(Path(args.program).resolve())
            good = all(list(compare(name, config, make, call, program, Path(folder)))) and good
    print("all agree" if good else "NOT all agree")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
