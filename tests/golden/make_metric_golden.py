#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Metrics of two sets of made-up dances, computed with numpy and scipy alone: tests/golden/metrics.npz.

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python tests/golden/make_metric_golden.py

Everything is written from the definitions (docs/metrics.md), with no look at the C++: matrix roots are scipy's, means
and variances numpy's, medians and pairs brute force.
"""
import pathlib

import numpy as np
import scipy.linalg
import scipy.spatial.distance as distance

V, NECK, H, FPS, F = 18, 1, 180.0, 10.0, 40


def dances(seed, clips, speed, offset):
    """[clips, F, V, 2] float32 pixels: joints around a walking neck, smooth, with a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(F) / FPS
    out = np.empty((clips, F, V, 2))
    rest = np.random.default_rng(1).normal(0, 45, (V, 2))
    for c in range(clips):
        walk = np.stack([320 + offset + 25 * np.sin(0.9 * t + rng.uniform(0, 6)), 150 + 4 * np.sin(5 * t)], 1)
        phase, rate = rng.uniform(0, 6.28, (V, 2)), speed * rng.uniform(0.4, 1.6, (V, 2))
        swing = rng.uniform(2, 16, (V, 2)) * np.sin(6.28 * rate * t[:, None, None] + phase)
        out[c] = walk[:, None] + rest + swing + rng.normal(0, 0.3, (F, V, 2))
        out[c, :, NECK] = walk
    return out.astype(np.float32)


def centred(x):
    x = x.astype(np.float64)
    return x - x[..., NECK:NECK + 1, :]


def frechet(a, b):
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T) + 1e-12 * np.eye(a.shape[1]))
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root.real)


def moving(x):
    """The columns of poses that are no constant 0 (the neck's two)."""
    flat = x.reshape(-1, V, 2)
    return np.delete(flat, NECK, axis=1).reshape(len(flat), -1)


def windows(x):
    x = centred(x).reshape(len(x), F // 10, 10 * V * 2)
    return x.reshape(-1, 10 * V * 2)


def mmd(a, b):
    mean = a.mean(0)
    _, vectors = np.linalg.eigh(np.cov(a.T))
    basis = vectors[:, ::-1][:, :24]
    pa, pb = (a - mean) @ basis, (b - mean) @ basis
    ell = np.median(distance.pdist(pa))
    k = lambda d: np.exp(-d ** 2 / (2 * ell ** 2))
    return k(distance.pdist(pa)).mean() + k(distance.pdist(pb)).mean() - 2 * k(distance.cdist(pa, pb)).mean(), ell, pa


def kinetic(x):
    p = x.astype(np.float64) / H
    v = np.diff(p, axis=1) * FPS
    acc = np.linalg.norm(np.diff(v, axis=1) * FPS, axis=-1).mean(1)
    return np.concatenate([(v ** 2).mean(1), acc[..., None]], -1).reshape(len(x), -1)


def envelope(x):
    step = np.linalg.norm(np.diff(x.astype(np.float64), axis=0), axis=-1).sum(-1) / H
    return np.concatenate([[0.0], step])


def minima(e, order):
    found = []
    for i in range(order, len(e) - order):
        if all(e[i] < e[i - k] and e[i] < e[i + k] for k in range(1, order + 1)):
            found.append(i)
    return (np.array(found) - 0.5) / FPS


def greedy(kinematic, music, tolerance):
    free, hits = list(music), 0
    for beat in kinematic:
        if free:
            at = min(free, key=lambda m: abs(m - beat))
            if abs(at - beat) <= tolerance + 1e-9:
                free.remove(at)
                hits += 1
    return hits


def beat_scores(x, beats, sigma, tolerance):
    """Pooled counts; BC and its chance averaged over clips, music beats inside the border of 2 frames."""
    seconds, border = F / FPS, 0.2
    inside = lambda b: b[(b >= border) & (b <= seconds - border)]
    gauss = lambda a, b: np.exp(-np.abs(a[:, None] - b[None]).min(1) ** 2 / (2 * sigma ** 2)).mean() if len(b) else 0.0
    bc, chance, bk, bm, ba, chance_ba = [], [], 0, 0, 0, 0.0
    for clip, music in zip(x, beats):
        k = minima(envelope(clip), 2)
        m = inside(music)
        bc.append(gauss(m, k))
        bk, bm, ba = bk + len(k), bm + len(m), ba + greedy(k, m, tolerance)
        level = []
        for phase in range(16):
            share = (phase + 0.5) / 16
            period = np.append(np.diff(music), music[-1] - music[-2])
            moved = np.concatenate([[music[0] - (1 - share) * period[0]], music + share * period])
            moved = inside(moved)
            level.append(gauss(moved, k))
            chance_ba += greedy(k, moved, tolerance) / 16
        chance.append(np.mean(level))
    bc, chance = np.mean(bc), np.mean(chance)
    hit = ba / bk
    return {"bc": bc, "bc_star": (bc - chance) / (1 - chance), "coverage": bk / bm, "hit": hit, "recall": ba / bm,
            "hit_star": (hit - chance_ba / bk) / (1 - chance_ba / bk)}


def main():
    real, made = dances(3, 9, 0.8, 0), dances(4, 7, 0.6, 6)
    beats = np.stack([0.13 + 0.02 * c + (0.47 + 0.01 * c) * np.arange(8) for c in range(len(made))])
    out = {"real": real, "made": made, "beats": beats}
    out["pfd"] = frechet(moving(centred(real)), moving(centred(made)))
    out["pfd_absolute"] = frechet(real.astype(np.float64).reshape(-1, 36), made.astype(np.float64).reshape(-1, 36))
    out["vfd"] = frechet(np.diff(real.astype(np.float64), axis=1).reshape(-1, 36),
                         np.diff(made.astype(np.float64), axis=1).reshape(-1, 36))
    out["mmd"], out["bandwidth"], projected = mmd(windows(real), windows(made))
    a, b = kinetic(real), kinetic(made)
    score = lambda x: (x - a.mean(0)) / (a.std(0) + 1e-10)
    out["fid_k2d_means"] = ((score(a).mean(0) - score(b).mean(0)) ** 2).sum()
    out["div_k2d"] = distance.pdist(score(b)).mean()
    out["kinetic"] = b
    pose, velocity = centred(made) / H, np.diff(made.astype(np.float64), axis=1) * FPS / H
    out["pvar"], out["vvar"] = pose.var(0).mean(), velocity.var(0).mean()
    out["pvar_time"] = pose.var(1).mean()
    smooth = np.stack([made.astype(np.float64)[:, max(0, t - 5):t + 6].mean(1) for t in range(F)], 1)
    out["pvar_mm"] = (centred(smooth) / H).var(0, ddof=1).mean()
    speed = lambda x: np.median(np.linalg.norm(np.diff(x.astype(np.float64), axis=1), axis=-1))
    jerk = lambda x: np.median(np.linalg.norm(np.diff(x.astype(np.float64), n=3, axis=1), axis=-1))
    out["speed_ratio"], out["jerk_ratio"] = speed(made) / speed(real), jerk(made) / jerk(real)
    per_frame = lambda x: np.linalg.norm(np.diff(x.astype(np.float64), axis=1), axis=-1).mean(-1)
    out["slow_share"] = (per_frame(made) < 0.8 * np.median(per_frame(real))).mean()  # 0.8, or there is none
    for sigma, tolerance in ((0.1, 0.1), (0.05, 0.2)):
        for name, value in beat_scores(made, beats, sigma, tolerance).items():
            out[f"{name}_{tolerance:g}"] = value
    np.savez_compressed(pathlib.Path(__file__).parent / "metrics.npz", **{k: np.asarray(v) for k, v in out.items()})
    print({k: float(v) for k, v in out.items() if np.ndim(v) == 0})


if __name__ == "__main__":
    main()
