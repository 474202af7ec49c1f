// SPDX-License-Identifier: MIT
// The depthwise graph convolution with its activation, along a list of edges instead of a dense adjacency.
//
//   out[b, f, r] = silu(bias + sum over edges e = (source -> r) of mix[e] u[b, f, source])
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

struct GraphEdge {
  std::int32_t source = 0, receiver = 0;
};

/// u [B, F, V, D], edges sorted by receiver, mix [E, D], bias [D] -> [B, F, V, D]. Differentiable once. kAuto and kCpu
/// take the CPU kernel for tensors in the CPU's memory; else ATen ops, whose index_add is not deterministic on a GPU.
at::Tensor graph_mix(const at::Tensor& u, const std::vector<GraphEdge>& edges, const at::Tensor& mix,
                     const at::Tensor& bias, ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
