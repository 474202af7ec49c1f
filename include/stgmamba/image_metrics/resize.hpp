// SPDX-License-Identifier: MIT
// The resizes that published FID values were taken with (skeleton-to-video D2). One is not another: a metric's name
// goes with the resize in front of its network.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace stgmamba::image_metrics {

enum class Resize {
  kPt,     // bilinear between pixel centres, no antialias: pytorch-fid, and what video networks get
  kTf,     // TensorFlow 1's bilinear: source = target * in / out, no half-pixel shift: the original FID
  kClean,  // Pillow's bicubic (a = -0.5) with antialias, clipped to 0..255: clean-fid
};
/// "pt", "tf" or "clean"; throws UsageError.
Resize resize_from_name(const std::string& name);
std::string resize_name(Resize mode);

/// Frames [N, 3, H, W] of 0..255 (any type) as float32 [N, 3, height, width], not rounded to whole numbers. A resize is
/// linear along each axis, so it is a product with a matrix on either side.
at::Tensor resize(const at::Tensor& frames, std::int64_t height, std::int64_t width, Resize mode);

/// The matrix of one axis, float64 [out, in]; rows add up to 1.
at::Tensor resize_matrix(std::int64_t in, std::int64_t out, Resize mode);

}  // namespace stgmamba::image_metrics
