#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden values of the music-to-skeleton generators from an independent PyTorch twin.

Written from the design pages and the published formulas (mamba's `selective_scan_ref`), not from the C++ code. Weights
and inputs are formulas of the parameter's name and the element's index, so the files hold only results:

    value[i] = centre + scale * sin(0.7 i + 0.01 (fnv1a(name) mod 1000))

Run (needs torch):  python3 tests/golden/make_golden.py tests/golden
Writes one <case>.safetensors a case, in float64: "output" [B, F, V, 2], and for every parameter "grad.<name>" (at most
SAMPLES elements, evenly spaced, at the indices "pick.<name>"), "norm.<name>" (the gradient's Euclidean norm) of
sum(output * probe), and "err32.<name>": how far the twin itself is off in float32. Batch norm over a few pieces of a
regular tone makes the audio encoder's gradients ill-conditioned in float32, so that is the honest yardstick there.
"""

import json
import math
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

B, F, V, NOISE, TOKEN, PIECE = 2, 7, 18, 10, 256, 1600
SAMPLES = 48
KINEMATIC = [1, 0, 14, 16, 15, 17, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
EDGES = [(4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1), (0, 1),
         (15, 0), (14, 0), (17, 15), (16, 14)]

DEFAULTS = dict(method="stg_mamba", d=20, expand=2, d_state=3, blocks=2, mlp=1, gate="shared", spatial=True, forward=True,
                backward=True, spatial_direction="alternate", joint_order="kinematic", temporal_scan="per_joint",
                weights="depthwise", partition="spatial", temporal_kernel=1, out_mlp="shared", residual=True,
                concat="frame", audio_scale="unit", music_gru=True, width=1024)

CASES = {
    "s1_0": dict(spatial=False, forward=False, backward=False),
    "s1_0g": dict(spatial=False, forward=False, backward=False, music_gru=False),
    "s1_1": dict(method="mdvs", width=24),
    "s1_2": dict(forward=False, backward=False),
    "s1_3": dict(spatial=False, backward=False),
    "s1_4": dict(spatial=False, forward=False),
    "s1_5": dict(spatial=False),
    "s1_6": dict(),
    "mlp_gate_out": dict(mlp=2, gate="per_branch", out_mlp="per_branch"),
    "dense_uniform": dict(weights="dense", partition="uniform"),
    "stgcn_temporal": dict(partition="stgcn", temporal_kernel=3),
    "flattened_both": dict(temporal_scan="flattened", spatial_direction="both", joint_order="openpose"),
    "head_blocks": dict(concat="blocks", residual=False, spatial_direction="forward"),
    "int16": dict(audio_scale="int16", blocks=1),
}


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) % 2**32
    return value


def formula(name, shape, centre=0.0, scale=1.0):
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return (centre + scale * torch.sin(0.7 * index + 0.01 * (fnv1a(name) % 1000))).reshape(shape)


def fill(module):
    """Every parameter and buffer by formula; centres keep norms near 1 and decays near Mamba's."""
    for name, tensor in list(module.named_parameters()) + list(module.named_buffers()):
        last = name.split(".")[-1]
        if last == "num_batches_tracked":
            continue
        if last == "A_log":
            base = torch.log(torch.arange(1, tensor.shape[1] + 1, dtype=torch.float64))
            value = base + formula(name, tuple(tensor.shape), 0.0, 0.1)
        elif name.endswith("dt_proj.bias"):
            value = formula(name, tuple(tensor.shape), -2.0, 1.0)
        elif last in ("edge_importance", "D", "running_var") or (last == "weight" and tensor.dim() == 1):
            value = formula(name, tuple(tensor.shape), 1.0, 0.2)
        elif tensor.dim() >= 2:
            value = formula(name, tuple(tensor.shape), 0.0, 1.0 / math.sqrt(tensor[0].numel()))
        else:
            value = formula(name, tuple(tensor.shape), 0.0, 0.1)
        with torch.no_grad():
            tensor.copy_(value)
    return module


class AudioCode(nn.Module):
    def __init__(self):
        super().__init__()
        table = [(1, 16, 80, 16, 32), (16, 32, 4, 2, 1), (32, 64, 4, 2, 1), (64, 128, 10, 5, 3), (128, 256, 5, 1, 0)]
        self.cl = nn.ModuleList([nn.Conv1d(i, o, k, stride=s, padding=p) for i, o, k, s, p in table])
        self.activations = nn.ModuleList(
            [nn.Sequential(nn.BatchNorm1d(o), nn.ReLU()) for _, o, _, _, _ in table[:-1]] + [nn.Tanh()])

    def forward(self, x):
        for conv, activation in zip(self.cl, self.activations):
            x = activation(conv(x))
        return x.squeeze(-1)


class AudioEncoder(nn.Module):
    def __init__(self, music_gru):
        super().__init__()
        self.encoder = AudioCode()
        self.rnn = nn.GRU(TOKEN, TOKEN, num_layers=2, bidirectional=True, batch_first=True) if music_gru else None
        self.fc = nn.Linear(2 * TOKEN if music_gru else TOKEN, TOKEN)

    def forward(self, audio):
        batch, frames, piece = audio.shape
        tokens = self.encoder(audio.reshape(batch * frames, 1, piece)).reshape(batch, frames, TOKEN)
        if self.rnn is not None:
            tokens, _ = self.rnn(tokens)
        return self.fc(tokens)


class ResidualLinear(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width),
                                   nn.BatchNorm1d(width), nn.ReLU())

    def forward(self, x):
        return x + self.layer(x)


class MdvsPose(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.rnn_noise = nn.GRU(NOISE, NOISE, batch_first=True)
        self.layer0 = nn.Linear(TOKEN + NOISE, width)
        self.layer1, self.layer2, self.layer3 = (ResidualLinear(width) for _ in range(3))
        self.final_linear = nn.Linear(width, 2 * V)

    def forward(self, tokens, noise):
        batch, frames, _ = tokens.shape
        aux = torch.tanh(self.rnn_noise(noise)[0])
        x = torch.cat([tokens, aux], -1).reshape(batch * frames, -1)
        x = self.layer3(self.layer2(self.layer1(self.layer0(x))))
        return torch.tanh(self.final_linear(x)).reshape(batch, frames, V, 2)  # dropout is off in this twin


class Mdvs(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.audio_encoder = AudioEncoder(True)
        self.pose_generator = MdvsPose(c["width"])

    def forward(self, audio, noise):
        return self.pose_generator(self.audio_encoder(audio), noise)


def adjacency(partition):
    a = torch.eye(V, dtype=torch.float64)
    for i, j in EDGES:
        a[i, j] = a[j, i] = 1.0
    normal = a / a.sum(0, keepdim=True)
    if partition == "uniform":
        return normal[None]
    hops = torch.full((V, V), math.inf, dtype=torch.float64)
    reach, seen = torch.eye(V, dtype=torch.float64), 0
    for distance in range(V if partition == "spatial" else 2):
        hops[(reach > 0) & torch.isinf(hops)] = distance
        reach = ((reach @ a) > 0).double()
    centre = hops[1]
    out = torch.zeros(3 if partition == "stgcn" else 3, V, V, dtype=torch.float64)
    for v in range(V):          # source
        for w in range(V):      # receiver
            if normal[v, w] == 0:
                continue
            if partition == "spatial":
                k = 0 if centre[v] == centre[w] else (1 if centre[v] > centre[w] else 2)
            else:  # published: self alone in 0; equal (infinity included) with farther in 1
                k = 0 if v == w else (1 if centre[v] >= centre[w] else 2)
            out[k, v, w] = normal[v, w]
    return out


class GraphConv(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        a = adjacency(c["partition"])
        self.a, self.dense = a, c["weights"] == "dense"
        k = a.shape[0]
        self.weight = nn.Parameter(torch.zeros(k, width, width) if self.dense else torch.zeros(k, width))
        self.edge_importance = nn.Parameter(torch.ones(k, V, V))
        self.bias = nn.Parameter(torch.zeros(width))
        self.temporal = nn.Parameter(torch.zeros(width, 3)) if c["temporal_kernel"] == 3 else None

    def forward(self, u):  # [B, F, V, D]
        mixed = torch.einsum("kvw,bfvd->bfkwd", self.a.to(u.dtype) * self.edge_importance, u)
        if self.dense:
            out = torch.einsum("bfkwd,ked->bfwe", mixed, self.weight)
        else:
            out = torch.einsum("bfkwd,kd->bfwd", mixed, self.weight)
        out = out + self.bias
        if self.temporal is not None:
            b, f, v, d = out.shape
            rows = out.permute(0, 2, 3, 1).reshape(b * v, d, f)
            rows = functional.conv1d(rows, self.temporal[:, None, :], padding=1, groups=d)
            out = rows.reshape(b, v, d, f).permute(0, 3, 1, 2)
        return out


def scan(u, delta, a, b, c, skip, bias):
    """u, delta [S, L, D]; b, c [S, L, N]; a [D, N]."""
    delta = functional.softplus(delta + bias)
    h = torch.zeros(u.shape[0], u.shape[2], a.shape[1], dtype=u.dtype)
    ys = []
    for t in range(u.shape[1]):
        decay = torch.exp(delta[:, t, :, None] * a)
        h = decay * h + delta[:, t, :, None] * b[:, t, None, :] * u[:, t, :, None]
        ys.append((h * c[:, t, None, :]).sum(-1) + skip * u[:, t])
    return torch.stack(ys, 1)


class Ssm(nn.Module):
    def __init__(self, c, width):
        super().__init__()
        self.rank, self.n = math.ceil(c["d"] / 16), c["d_state"]
        self.x_proj = nn.Linear(width, self.rank + 2 * self.n, bias=False)
        self.dt_proj = nn.Linear(self.rank, width)
        self.A_log = nn.Parameter(torch.zeros(width, self.n))
        self.D = nn.Parameter(torch.zeros(width))

    def forward(self, u):  # [S, L, D]
        dt, b, c = torch.split(self.x_proj(u), [self.rank, self.n, self.n], -1)
        delta = dt @ self.dt_proj.weight.t()
        return scan(u, delta, -torch.exp(self.A_log), b, c, self.D, self.dt_proj.bias)


def run_joints(ssm, u, order, reverse):
    b, f, v, d = u.shape
    path = list(reversed(order)) if reverse else order
    y = ssm(u[:, :, path].reshape(b * f, v, d)).reshape(b, f, v, d)
    out = torch.empty_like(y)
    out[:, :, path] = y
    return out


def run_frames(ssm, u, reverse):
    x = u.flip(1) if reverse else u
    b, f, v, d = x.shape
    y = ssm(x.permute(0, 2, 1, 3).reshape(b * v, f, d)).reshape(b, v, f, d).permute(0, 2, 1, 3)
    return y.flip(1) if reverse else y


def run_nodes(ssm, u, order, reverse):
    b, f, v, d = u.shape
    x = u[:, :, order].reshape(b, f * v, d)
    y = ssm(x.flip(1) if reverse else x)
    y = (y.flip(1) if reverse else y).reshape(b, f, v, d)
    out = torch.empty_like(y)
    out[:, :, order] = y
    return out


def mlp(width_in, width_out, layers):
    parts = [nn.Linear(width_in, width_out)]
    if layers == 2:
        parts += [nn.SiLU(), nn.Linear(width_out, width_out)]
    return nn.Sequential(*parts)


class Block(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        self.c, self.index = c, index
        d, width = c["d"], c["expand"] * c["d"]
        self.branches = [n for n in ("spatial", "forward", "backward") if c[n]]
        self.norm = nn.LayerNorm(d)
        self.in_mlp = mlp(d, width, c["mlp"])
        names = self.branches or ["plain"]
        if c["gate"] == "per_branch" and self.branches:
            for n in self.branches:
                self.add_module("gate_mlp_" + n, mlp(d, width, c["mlp"]))
        else:
            self.gate_mlp = mlp(d, width, c["mlp"])
        self.graph_conv = GraphConv(c, width)
        for n in self.branches:
            self.add_module("ssm:" + n, Ssm(c, width))
        for n in names:
            self.add_module(n + "_norm", nn.LayerNorm(width))
        if c["out_mlp"] == "per_branch" and self.branches:
            for n in self.branches:
                self.add_module("out_mlp_" + n, nn.Linear(width, d))
        else:
            self.out_mlp = nn.Linear(width, d)

    def run(self, name, u):
        c, ssm = self.c, getattr(self, "ssm:" + name)
        order = KINEMATIC if c["joint_order"] == "kinematic" else list(range(V))
        if name == "spatial":
            if c["spatial_direction"] == "both":
                return run_joints(ssm, u, order, False) + run_joints(ssm, u, order, True)
            return run_joints(ssm, u, order, c["spatial_direction"] == "alternate" and self.index % 2 == 1)
        if c["temporal_scan"] == "flattened":
            return run_nodes(ssm, u, order, name == "backward")
        return run_frames(ssm, u, name == "backward")

    def forward(self, z):
        x = self.norm(z)
        u = functional.silu(self.graph_conv(self.in_mlp(x)))
        total = 0
        for n in self.branches or ["plain"]:
            gate = getattr(self, "gate_mlp_" + n, None) or self.gate_mlp
            y = u if n == "plain" else self.run(n, u)
            y = getattr(self, n + "_norm")(y) * functional.silu(gate(x))
            out = getattr(self, "out_mlp_" + n, None)
            total = total + (out(y) if out is not None else y)
        if hasattr(self, "out_mlp"):
            total = self.out_mlp(total)
        return z + total if self.c["residual"] else total


class StgMamba(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        d = c["d"]
        self.audio_encoder = AudioEncoder(c["music_gru"])
        self.noise_encoder = nn.GRU(NOISE, NOISE, batch_first=True)
        self.lift = nn.Linear(TOKEN + NOISE, V * d)
        self.blocks = nn.ModuleList([Block(c, i) for i in range(c["blocks"])])
        if c["concat"] == "frame":
            self.head = nn.Conv1d(V * d, 2 * V, 3, padding=1)
        else:
            self.head = nn.Linear(d * c["blocks"], 2)

    def forward(self, audio, noise):
        tokens = self.audio_encoder(audio)
        aux = torch.tanh(self.noise_encoder(noise)[0])
        b, f, _ = tokens.shape
        z = self.lift(torch.cat([tokens, aux], -1)).reshape(b, f, V, self.c["d"])
        outs = []
        for block in self.blocks:
            z = block(z)
            outs.append(z)
        if self.c["concat"] == "blocks":
            return torch.tanh(self.head(torch.cat(outs, -1)))
        y = self.head(z.reshape(b, f, -1).transpose(1, 2)).transpose(1, 2)
        return torch.tanh(y).reshape(b, f, V, 2)


def save(path, tensors, metadata):
    header, blob = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        data = tensors[name].detach().double().contiguous().numpy().tobytes()
        header[name] = dict(dtype="F64", shape=list(tensors[name].shape), data_offsets=[len(blob), len(blob) + len(data)])
        blob += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def public(name):
    return name.replace("ssm:", "")


def evaluate(c, dtype):
    net = (Mdvs if c["method"] == "mdvs" else StgMamba)(c).double()
    # Names with "ssm:" avoid a clash with nn.Module.forward; the public name has no prefix.
    originals = dict(net.named_parameters())
    named = {public(k): v for k, v in originals.items()}

    class Named:
        def named_parameters(self):
            return named.items()

        def named_buffers(self):
            return net.named_buffers()

    fill(Named())
    net = net.to(dtype)
    named = {public(k): v for k, v in net.named_parameters()}
    net.train()
    audio = formula("audio", (B, F, PIECE), 0.0, 0.5) * (1 + formula("audio.envelope", (B, F, 1), 0.0, 0.5))
    noise = formula("noise", (B, F, NOISE), 0.0, 0.33)
    scale = 32768.0 if c["audio_scale"] == "int16" else 1.0
    output = net((audio * scale).to(dtype), noise.to(dtype))
    (output * formula("probe", tuple(output.shape)).to(dtype)).sum().backward()
    return output.detach().double(), {key: p.grad.reshape(-1).double() for key, p in named.items()}


def run_case(name, changes):
    c = {**DEFAULTS, **changes}
    output, grads = evaluate(c, torch.float64)
    rough_output, rough = evaluate(c, torch.float32)
    tensors = {"output": output, "err32.output": (rough_output - output).abs().max().reshape(1)}
    for key, grad in grads.items():
        pick = torch.linspace(0, grad.numel() - 1, min(SAMPLES, grad.numel())).round().long()
        tensors["grad." + key] = grad[pick]
        tensors["pick." + key] = pick.double()
        tensors["norm." + key] = grad.norm().reshape(1)
        tensors["err32." + key] = (rough[key] - grad).norm().reshape(1)
    options = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in c.items()}
    count = sum(g.numel() for g in grads.values())
    return tensors, {**options, "parameters": str(count)}


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    torch.manual_seed(0)
    for name, changes in CASES.items():
        tensors, metadata = run_case(name, changes)
        save(folder / f"{name}.safetensors", tensors, metadata)
        print(name, metadata["parameters"], f"{tensors['output'].abs().mean().item():.6f}")


if __name__ == "__main__":
    main()
