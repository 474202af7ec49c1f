// SPDX-License-Identifier: MIT
// The product of many rows with a weight matrix, as torch::nn::functional::linear, by the fastest routine at hand.
#pragma once

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// y = x W^T + bias: x [.., K], weight [M, K], bias [M] or undefined -> [.., M]. Differentiable as often as ATen's.
///
/// On a CPU, float32 and at least 256 rows run as a 1x1 convolution, forward and backward: that is oneDNN's, which uses
/// AVX-512 on every maker's CPU, where LibTorch's matrix product is MKL's and stays with AVX2 on AMD's (2.0 to 2.5
/// times slower there). kReference always takes ATen's product.
at::Tensor linear_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
