#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Image metrics of two small pictures by the packages that others use: tests/golden/image_metrics.npz.

    python3 -m venv venv
    venv/bin/pip install torch torchvision torchmetrics torch-fidelity lpips scikit-image pillow "scipy<1.18"
    venv/bin/python tests/golden/make_image_metric_golden.py

The pictures are crops of the public-domain photo of an astronaut that scikit-image ships, one of them blurred and noisy.
Resizes: torch.nn.functional.interpolate as pytorch-fid calls it, torch-fidelity's TensorFlow 1 bilinear, Pillow's bicubic
as clean-fid calls it. FID and KID arithmetic: torchmetrics, on made-up features. SSIM: scikit-image. LPIPS: the lpips
package over trunks and heads filled by the formula of make_golden.py, so equal distances also prove equal names.
"""
import math
import pathlib

import lpips
import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

SIZES = [(59, 21), (20, 61)]  # height, width: each axis once larger and once smaller


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) % 2**32
    return value


def formula(name, shape, centre, scale):
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return (centre + scale * torch.sin(0.7 * index + 0.01 * (fnv1a(name) % 1000))).reshape(shape)


def fill(parameter, name):
    fan_in = parameter[0].numel()
    scale = 1 / math.sqrt(fan_in) if parameter.dim() >= 2 else 0.1
    with torch.no_grad():
        parameter.copy_(formula(name, parameter.shape, 0.0, scale))


def pictures():
    """Two uint8 [48, 52, 3]."""
    clean = data.astronaut()[60:252:4, 130:338:4]
    rng = np.random.default_rng(5)
    blurred = ndimage.gaussian_filter(clean.astype(float), (0.8, 0.8, 0)) + rng.normal(0, 8, clean.shape)
    return clean, np.clip(np.round(blurred), 0, 255).astype(np.uint8)


def resizes(picture, out):
    """Of the green channel."""
    green = picture[..., 1].astype(np.float32)
    x = torch.from_numpy(green).double()[None, None]  # in float32 its own weights are off by 5e-4
    for height, width in SIZES:
        name = f"{height}x{width}"
        out[f"pt_{name}"] = torch.nn.functional.interpolate(x, (height, width), mode="bilinear", align_corners=False)[0, 0]
        out[f"tf_{name}"] = interpolate_bilinear_2d_like_tensorflow1x(x, (height, width), align_corners=False)[0, 0]
        resized = Image.fromarray(green, mode="F").resize((width, height), Image.BICUBIC)
        out[f"clean_{name}"] = np.asarray(resized).clip(0, 255)


def feature_distances(out):
    rng = np.random.default_rng(7)
    mix = rng.normal(0, 1, (24, 24)) / 5
    a = np.abs(rng.normal(0.3, 1, (60, 24)) @ mix) + 0.1
    b = np.abs(rng.normal(0.5, 1.3, (45, 24)) @ mix)
    out["features_a"], out["features_b"] = a, b
    moments = [torch.from_numpy(x) for s in (a, b) for x in (s.mean(0), np.cov(s.T))]
    out["fid"] = _compute_fid(*moments)
    out["kid"] = poly_mmd(torch.from_numpy(a[:len(b)]), torch.from_numpy(b))


def lpips_distances(clean, noisy, out):
    unit = lambda x: torch.from_numpy(x).permute(2, 0, 1)[None].double() / 127.5 - 1
    for net in ("alex", "vgg"):
        model = lpips.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False).double().eval()
        for name, parameter in model.net.named_parameters():
            fill(parameter, "features." + name.split(".", 1)[1])  # slice2.3.weight -> features.3.weight
        for name, parameter in model.named_parameters():
            if name.startswith("lin") and not name.startswith("lins"):
                fill(parameter, name)
        out[f"lpips_{net}"] = model(unit(clean), unit(noisy)).detach().reshape(())


def main():
    clean, noisy = pictures()
    out = {"clean": clean, "noisy": noisy}
    resizes(clean, out)
    feature_distances(out)
    lpips_distances(clean, noisy, out)
    out["ssim"] = structural_similarity(clean, noisy, channel_axis=2, gaussian_weights=True, sigma=1.5,
                                        use_sample_covariance=False, data_range=255)
    out["psnr"] = peak_signal_noise_ratio(clean, noisy, data_range=255)
    out["l1"] = np.abs(clean.astype(float) - noisy).mean() / 127.5
    out = {name: np.asarray(value) for name, value in out.items()}
    np.savez_compressed(pathlib.Path(__file__).parent / "image_metrics.npz", **out)
    print({name: float(value) for name, value in out.items() if value.ndim == 0})


if __name__ == "__main__":
    main()
