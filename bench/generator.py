#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The paper's video generator beside the same network in PyTorch eager: `bash tools/bench.sh generator`.

    python3 bench/generator.py --program build/bench/bin/bench_generator [--repeats 5] [--frames 20] [--json FILE]

Both load one set of weights and see one batch; calls take turns, medians are compared. Needs a Python with torch, best of
the same version: PYTHONPATH=~/.cache/stgmamba/libtorch-2.11.0.
"""

import argparse
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        pad, norm = nn.ReflectionPad2d, lambda: nn.InstanceNorm2d(width, affine=True)
        self.conv_block = nn.Sequential(pad(1), nn.Conv2d(width, width, 3), norm(), nn.ReLU(True), pad(1),
                                        nn.Conv2d(width, width, 3), norm())

    def forward(self, x):
        return x + self.conv_block(x)


def encoder(ngf, blocks):
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), nn.InstanceNorm2d(ngf, affine=True), nn.ReLU(True)]
    for i in range(3):
        width = ngf << i
        layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), nn.InstanceNorm2d(2 * width, affine=True), nn.ReLU(True)]
    return nn.Sequential(*layers, *[Block(8 * ngf) for _ in range(blocks)])


class Twin(nn.Module):
    """skeleton-to-video A2 and B2, as a PyTorch user writes it."""

    def __init__(self, ngf):
        super().__init__()
        self.model_down_seg, self.model_down_img = encoder(ngf, 5), encoder(ngf, 5)
        self.model_res_img = nn.Sequential(*[Block(8 * ngf) for _ in range(4)])
        ups = []
        for i in (3, 2, 1):
            width = ngf << i
            ups += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1), nn.InstanceNorm2d(width // 2, affine=True), nn.ReLU(True)]
        self.model_up_img = nn.Sequential(*ups)
        self.model_final_img = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh())

    def forward(self, photo, pose):
        features = self.model_down_seg(pose) + self.model_down_img(photo)
        return self.model_final_img(self.model_up_img(self.model_res_img(features)))


def read_safetensors(path):
    raw = Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = torch.frombuffer(bytearray(raw[start + first:start + last]), dtype=torch.float32)
            tensors[name] = values.reshape(entry["shape"])
    return tensors


class Ours:
    def __init__(self, args, folder):
        options = {"--folder": folder, "--ngf": args.ngf, "--size": args.size, "--batch": args.batch, "--threads": args.threads}
        line = [args.program] + [str(part) for pair in options.items() for part in pair]
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = folder
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench_generator ended early")
        return line.strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def frames(self, kind):
        self.ask(f"write {kind} {self.folder}/{kind}.safetensors")
        return read_safetensors(f"{self.folder}/{kind}.safetensors")["frames"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        ours = Ours(args, folder)
        inputs = read_safetensors(f"{folder}/inputs.safetensors")
        photo, pose = inputs["photo"], inputs["poses"].squeeze(1)
        twin = Twin(args.ngf).eval()
        twin.load_state_dict(torch.load(f"{folder}/weights.pth"))
        wanted = twin(photo, pose)
        kinds = ("fp32", "nchw", "bf16")
        errors = {kind: (ours.frames(kind) - wanted).abs() for kind in kinds}
        times = {name: [] for name in ("eager", *kinds)}
        for _ in range(args.repeats):
            begin = time.perf_counter()
            twin(photo, pose)
            times["eager"].append((time.perf_counter() - begin) * 1e3)
            for kind in kinds:
                times[kind].append(float(ours.ask(f"call {kind}")))
        eager = statistics.median(times["eager"])
        print(f"GrComposite, ngf {args.ngf}, {args.batch} frames of {args.size}x{args.size}, {args.threads} threads, "
              f"torch {torch.__version__}, medians of {args.repeats} turns")
        rows = [{"kind": "eager", "ms": eager, "ratio": 1.0}]
        print(f"  {'PyTorch eager, fp32':28} {eager:9.0f} ms")
        for kind in kinds:
            ms, error = statistics.median(times[kind]), errors[kind]
            rows.append({"kind": kind, "ms": ms, "ratio": eager / ms, "largest_error": error.max().item(),
                         "mean_error": error.mean().item()})
            print(f"  {'ours, ' + kind:28} {ms:9.0f} ms  {eager / ms:5.2f} of eager's speed, error at most "
                  f"{error.max().item():.1e}, mean {error.mean().item():.1e} (pictures in -1..1)")
        video = float(ours.ask(f"video fp32 {args.frames}"))
        rows.append({"kind": "video", "frames": args.frames, "ms": video})
        print(f"  {args.frames} frames, ours, fp32: {video / 1e3:.1f} s, {video / args.frames:.0f} ms a frame")
        ours.process.stdin.close()
        ours.process.wait()
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
