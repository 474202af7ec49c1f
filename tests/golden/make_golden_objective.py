#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Golden values of the music-to-skeleton objective from an independent PyTorch twin: ST-GCN, both discriminators, and
every term that is measured on them.

Weights and inputs are the formulas of make_golden.py, so the file holds only results, in float64. Of a gradient it
holds the norm and at most PICKS elements, element i of k being the one at i (n - 1) // (k - 1).

Run (needs torch):  python3 tests/golden/make_golden_objective.py tests/golden
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))
from make_golden import adjacency, fill, formula, save  # noqa: E402

B, F, V, CLASSES, WIDTH, PICKS = 3, 23, 18, 5, 0.25, 6
LAMBDAS = [20.0, 5.0] + [1.0] * 8


def scaled(channels):
    return round(channels * WIDTH)


class StGcnBlock(nn.Module):
    def __init__(self, c_in, c_out, stride, residual):
        super().__init__()
        self.gcn = nn.Module()
        self.gcn.conv = nn.Conv2d(c_in, 3 * c_out, 1)
        self.tcn = nn.Sequential(nn.BatchNorm2d(c_out), nn.ReLU(),
                                 nn.Conv2d(c_out, c_out, (9, 1), (stride, 1), (4, 0)), nn.BatchNorm2d(c_out),
                                 nn.Dropout(0.0))
        self.kind = "none" if not residual else "same" if c_in == c_out and stride == 1 else "conv"
        if self.kind == "conv":
            self.residual = nn.Sequential(nn.Conv2d(c_in, c_out, 1, (stride, 1)), nn.BatchNorm2d(c_out))

    def forward(self, x, a):
        skip = {"none": lambda: 0, "same": lambda: x, "conv": lambda: self.residual(x)}[self.kind]()
        parts = torch.stack(self.gcn.conv(x).chunk(3, 1))  # [K, N, C, T, V]
        return torch.relu(self.tcn(torch.einsum("knctv,kvw->nctw", parts, a)) + skip)


class StGcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("A", adjacency("stgcn").float())  # as published
        self.data_bn = nn.BatchNorm1d(2 * V)
        widths = [2] + [scaled(64)] * 4 + [scaled(128)] * 3 + [scaled(256)] * 3
        self.st_gcn_networks = nn.ModuleList(
            [StGcnBlock(widths[i], widths[i + 1], 2 if i in (4, 7) else 1, i > 0) for i in range(10)])
        self.edge_importance = nn.ParameterList([nn.Parameter(torch.ones(3, V, V)) for _ in range(10)])
        self.fcn = nn.Conv2d(scaled(256), CLASSES, 1)

    def features(self, pose):  # [B, F, V, 2]
        x = self.data_bn(pose.flatten(2).transpose(1, 2))  # channels: joint, then coordinate
        x = x.reshape(len(pose), V, 2, -1).permute(0, 2, 3, 1)
        maps = []
        for block, importance in zip(self.st_gcn_networks, self.edge_importance):
            x = block(x, self.A * importance)
            maps.append(x)
        return maps

    def forward(self, pose):
        return self.fcn(self.features(pose)[-1].mean((2, 3), keepdim=True)).flatten(1)


class Hcn(nn.Module):
    def __init__(self, frames, pooled, hidden, outputs):
        super().__init__()
        c, points = scaled(64), max(16, scaled(32))
        pool = [nn.MaxPool2d(2)] if pooled else []
        for m in ("", "m"):
            self.add_module("conv1" + m, nn.Sequential(nn.Conv2d(2, c, 1), nn.ReLU()))
            self.add_module("conv2" + m, nn.Conv2d(c, points, (3, 1)))
            self.add_module("conv3" + m, nn.Sequential(nn.Conv2d(V, c // 2, 3, padding=1), *pool))
            self.add_module("conv4" + m, nn.Sequential(nn.Conv2d(c // 2, c, 3, padding=1), nn.Identity(), *pool))
        self.conv5 = nn.Sequential(nn.Conv2d(2 * c, 2 * c, 3, padding=1), nn.ReLU(), *pool)
        self.conv6 = nn.Sequential(nn.Conv2d(2 * c, 4 * c, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        rows, columns = frames - 2, points
        for _ in range(4 if pooled else 1):
            rows, columns = rows // 2, columns // 2
        self.fc7 = nn.Sequential(nn.Linear(4 * c * rows * columns, hidden), nn.ReLU())
        self.fc8 = nn.Linear(hidden, outputs)

    def stream(self, x, m):
        one = getattr(self, "conv1" + m)(x)
        two = getattr(self, "conv2" + m)(one)
        three = getattr(self, "conv3" + m)(two.transpose(1, 3))
        return [one, two, three, getattr(self, "conv4" + m)(three)]

    def features(self, pose):  # [N, T, V, 2]
        x = pose.permute(0, 3, 1, 2)
        motion = functional.interpolate(x[:, :, 1:] - x[:, :, :-1], size=x.shape[2:], mode="bilinear",
                                        align_corners=False)
        maps = self.stream(x, "")
        maps.append(self.conv5(torch.cat([maps[-1], self.stream(motion, "m")[-1]], 1)))
        return maps + [self.conv6(maps[-1])]

    def forward(self, pose):
        return self.fc8(self.fc7(self.features(pose)[-1].flatten(1)))


class FrameDiscriminator(Hcn):
    def __init__(self):
        super().__init__(5, False, scaled(256), 1)

    def forward(self, pose):
        windows = torch.stack([pose[:, at:at + 5] for at in range(0, pose.shape[1] - 4, 3)], 1)
        return super().forward(windows.flatten(0, 1)).reshape(len(pose), -1)


class AudioBranch(nn.Module):
    def __init__(self):
        super().__init__()
        table = [(1, 16, 80, 16, 32), (16, 32, 4, 2, 1), (32, 64, 4, 2, 1), (64, 128, 10, 5, 3), (128, 256, 5, 1, 0)]
        self.encoder = nn.Module()
        self.encoder.cl = nn.ModuleList(
            [nn.Conv1d(max(1, scaled(i)) if i > 1 else 1, scaled(o), k, s, p) for i, o, k, s, p in table])
        self.encoder.activations = nn.ModuleList(
            [nn.Sequential(nn.BatchNorm1d(scaled(o)), nn.ReLU()) for _, o, _, _, _ in table[:-1]] + [nn.Tanh()])
        h = scaled(256)
        self.rnn = nn.GRU(h, h, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * h, h)

    def forward(self, audio):
        x = audio.reshape(-1, 1, audio.shape[-1])
        for conv, after in zip(self.encoder.cl, self.encoder.activations):
            x = after(conv(x))
        return self.fc(self.rnn(x.reshape(*audio.shape[:2], -1))[0])


class SequenceDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        h = scaled(256)
        self.audio_encoder = AudioBranch()
        self.pose_encoder = Hcn(F, True, scaled(512), h)
        self.attention = nn.Module()
        self.attention.ws1, self.attention.ws2 = nn.Linear(h, 20, bias=False), nn.Linear(20, 1, bias=False)
        self.conv1d = nn.Conv1d(2, 1, 2)
        self.fc2 = nn.Linear(h - 1, 1)

    def score(self, pose, tokens):
        alpha = torch.softmax(self.attention.ws2(torch.tanh(self.attention.ws1(tokens))), 1)
        both = torch.stack([(alpha * tokens).sum(1), self.pose_encoder(pose)], 1)
        return self.fc2(self.conv1d(both).flatten(1))


class Filled:
    """A network without the constant that `fill` must leave alone."""

    def __init__(self, net):
        self.net = net

    def named_parameters(self):
        return self.net.named_parameters()

    def named_buffers(self):
        return [(name, buffer) for name, buffer in self.net.named_buffers() if name != "A"]


def filled(net):
    net = net.double().train()
    fill(Filled(net))
    return net


def matching(fake, real, weights):
    return sum(w * (f - r.detach()).abs().mean() for w, f, r in zip(weights, fake, real))


class Results:
    def __init__(self):
        self.tensors = {}

    def gradient(self, name, grad):
        flat, count = grad.reshape(-1), grad.numel()
        k = min(PICKS, count)
        index = [i * (count - 1) // (k - 1) if k > 1 else 0 for i in range(k)]
        self.tensors["norm." + name] = flat.norm().reshape(1)
        self.tensors["grad." + name] = flat[index]

    def parameters(self, prefix, net, loss):
        names, values = zip(*net.named_parameters())
        for name, grad in zip(names, torch.autograd.grad(loss, values, retain_graph=True, allow_unused=True)):
            if grad is not None:  # a bias may not reach the penalty
                self.gradient(f"{prefix}.{name}", grad)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    real = formula("pose.real", (B, F, V, 2), 0.0, 0.6)
    fake = formula("pose.fake", (B, F, V, 2), 0.1, 0.5).requires_grad_()
    audio = formula("audio", (B, F, 1600), 0.0, 0.5) * (1 + formula("audio.envelope", (B, F, 1), 0.0, 0.5))
    out = Results()

    stgcn = filled(StGcn())
    logits = stgcn(real)  # in training mode, batch statistics
    out.tensors["stgcn.logits"] = logits
    out.parameters("stgcn", stgcn, functional.cross_entropy(logits, torch.arange(B) % CLASSES))
    stgcn = filled(StGcn()).eval()
    maps = stgcn.features(fake)
    out.tensors["stgcn.maps"] = torch.stack([m.abs().mean() for m in maps])
    perceptual = matching(maps, stgcn.features(real), LAMBDAS)
    out.tensors["loss.perceptual"] = perceptual.reshape(1)
    out.gradient("perceptual.pose", torch.autograd.grad(perceptual, fake)[0])

    bce = functional.binary_cross_entropy
    frame = filled(FrameDiscriminator())
    scores = torch.sigmoid(frame(fake))
    out.tensors["frame.logits"] = frame(fake)
    adversarial = bce(scores, torch.ones_like(scores))
    out.tensors["loss.frame.generator"] = adversarial.reshape(1)
    out.gradient("frame.pose", torch.autograd.grad(adversarial, fake)[0])
    true = torch.sigmoid(frame(real))
    scores = torch.sigmoid(frame(fake.detach()))
    loss = 0.5 * (bce(true, torch.ones_like(true)) + bce(scores, torch.zeros_like(scores)))
    out.tensors["loss.frame.discriminator"] = loss.reshape(1)
    out.parameters("frame", frame, loss)

    seq = filled(SequenceDiscriminator())
    tokens = seq.audio_encoder(audio)
    out.tensors["seq.logits"] = seq.score(fake, tokens)
    maps = seq.pose_encoder.features(fake)
    out.tensors["seq.maps"] = torch.stack([m.abs().mean() for m in maps])
    loss = matching(maps, seq.pose_encoder.features(real), [1.0] * 6)
    out.tensors["loss.feature_matching"] = loss.reshape(1)
    out.gradient("feature_matching.pose", torch.autograd.grad(loss, fake)[0])
    true, scores = (torch.sigmoid(seq.score(pose, tokens)) for pose in (real, fake.detach()))
    loss = 0.5 * (bce(true, torch.ones_like(true)) + bce(scores, torch.zeros_like(scores)))
    epsilon = formula("epsilon", (B, 1, 1, 1), 0.5, 0.4)
    mixed = (epsilon * real + (1 - epsilon) * fake.detach()).requires_grad_()
    slope = torch.autograd.grad(torch.sigmoid(seq.score(mixed, tokens)).sum(), mixed, create_graph=True)[0]
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    out.tensors["loss.penalty"] = penalty.reshape(1)
    out.tensors["loss.seq.discriminator"] = loss.reshape(1)
    out.parameters("seq", seq, loss)
    out.parameters("penalty", seq, penalty)

    save(folder / "objective.safetensors", out.tensors, {"width": str(WIDTH), "classes": str(CLASSES)})
    for name in sorted(out.tensors):
        if name.startswith("loss."):
            print(name, f"{out.tensors[name].item():.8f}")


if __name__ == "__main__":
    main()
