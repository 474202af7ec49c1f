// SPDX-License-Identifier: MIT
// The product of many rows with a weight matrix, as torch::nn::functional::linear, by the fastest routine at hand.
#pragma once

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// y = x W^T + bias: x [.., K], weight [M, K], bias [M] or undefined -> [.., M]. Differentiable as often as ATen's.
///
/// On several CPU threads, float32 and at least 256 rows (and 20,480 numbers) run as a 1x1 convolution, forward and
/// backward: that is oneDNN's, which uses AVX-512 on every maker's CPU, where LibTorch's matrix product is MKL's and
/// stays with AVX2 on AMD's (two to two and a half times slower on a Zen 5). On one thread ATen has no oneDNN
/// convolution, so the product is ATen's there, as it always is with kReference.
at::Tensor linear_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
