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

/// Whether graph_mix takes u under this backend: auto or cpu, and in the CPU's memory. Else nn::GraphConv multiplies
/// with the dense adjacency.
bool has_graph_mix(const at::Tensor& u, ScanBackend backend);

/// u [B, F, V, D], edges sorted by receiver, mix [E, D], bias [D] -> [B, F, V, D]. Differentiable once.
at::Tensor graph_mix(const at::Tensor& u, const std::vector<GraphEdge>& edges, const at::Tensor& mix,
                     const at::Tensor& bias);

}  // namespace stgmamba::ops
