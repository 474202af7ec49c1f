// SPDX-License-Identifier: MIT
// A gated recurrent unit over whole sequences, as torch::nn::GRU computes it (batch first, no dropout between layers,
// zero initial state):
//
//   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      n  = tanh(W_in x + b_in + r (W_hn h + b_hn))
//   z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)      h' = n + z (h - n)
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

struct GruShape {
  std::int64_t layers = 1;
  bool bidirectional = false;
};

/// x [B, F, K] -> [B, F, H] or, bidirectional, [B, F, 2 H] (forward states first). `weights` in torch::nn::GRU's order:
/// W_ih [3 H, K], W_hh [3 H, H], b_ih, b_hh [3 H] of every layer and direction, gates r, z, n.
///
/// On a CPU (kAuto, kCpu; float32 or float64) the two directions run side by side, the products that need no recurrence
/// are taken over all frames at once, and so are the weights' gradients, which ATen adds up frame by frame.
/// Differentiable once. Elsewhere it is at::gru.
at::Tensor gru(const at::Tensor& x, const std::vector<at::Tensor>& weights, const GruShape& shape,
               ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
