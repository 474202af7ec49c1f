// SPDX-License-Identifier: MIT
// Differences between a frame and the true one, pixel by pixel: one number a frame, float64 [F]. `a` and `b` are uint8
// [F, 3, H, W]; `mask` [F, 1, H, W] holds 1 where pixels count, undefined: everywhere. A frame whose mask is empty gets
// NaN.
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::image_metrics {

inline constexpr double kPsnrCap = 100.0;  // dB, of equal frames

/// Mean |a - b| of values in [-1, 1]: 0..2. Lower is better.
at::Tensor l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask = {});
/// 10 log10(255^2 / mean squared error) in dB, at most kPsnrCap. Higher is better.
at::Tensor psnr(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask = {});
/// Structural similarity (Wang et al. 2004): Gaussian window of 11 pixels, sigma 1.5, K1 = 0.01, K2 = 0.03, of each
/// colour channel, averaged over the windows that lie inside the frame (those whose centre is masked in). 1 for equal
/// frames. Sides must be 11 pixels or more.
at::Tensor ssim(const at::Tensor& a, const at::Tensor& b, const at::Tensor& mask = {});

}  // namespace stgmamba::image_metrics
