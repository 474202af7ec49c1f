// SPDX-License-Identifier: MIT
// Products of many rows with a weight matrix as 1x1 convolutions over a plane of rows by 1 (see ops/linear.hpp).
#pragma once

#include <ATen/core/Tensor.h>

namespace stgmamba::ops {

/// Whether x [.., K] times weight [M, K] is worth the detour, and oneDNN is in this LibTorch.
bool suits_convolution(const at::Tensor& x, const at::Tensor& weight);

/// x [.., K] as a plane [1, K, rows, 1] whose memory is x's own: channels last.
at::Tensor plane_of(const at::Tensor& x);
/// A plane [1, M, rows, 1] as rows again, [sizes.., M].
at::Tensor rows_of(const at::Tensor& plane, at::IntArrayRef sizes);

struct RowsGradients {
  at::Tensor x;       // [R, K], undefined unless asked for
  at::Tensor weight;  // [M, K]
  at::Tensor bias;    // [M]
};
/// The gradients of x W^T + bias from d_out: outside autograd. x [R, K], weight [M, K], d_out [R, M].
RowsGradients rows_product_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& d_out,
                                    bool wants_x);

}  // namespace stgmamba::ops
