// SPDX-License-Identifier: MIT
// What stands around the scans of an STGM block, as the kernels see it: raw pointers, strides and integers, no torch.
//
//   graph mix:   out[f, r] = silu(bias + sum over edges e = (s -> r) of mix[e] u[f, s])      before the scans
//   low rank:    out[t]    = W x[t], a few columns in, D out: the scans' delta               before the scans
//   gated norm:  out[t]    = sum_i LayerNorm_i(y_i[t]) silu(gate_i[t])                       after them
//
// Each is one pass over memory forward and one backward; in place of the graph mix and the gated norm, ATen
// operators move about five times as much.
#pragma once

#include <cstdint>

#include "scan/problem.hpp"

namespace stgmamba::kernels {

/// Weights, biases and their gradients are in the accumulation type: float32, or float64 for float64 tensors.
struct GatedNormForward {
  Scalar io = Scalar::kFloat32;
  std::int64_t tokens = 0, channels = 0;
  double epsilon = 1e-5;
  int branches = 0;  // 1 .. kMaxBranches
  int gates = 0;     // 1: one gate for all branches, else one a branch
  Rows y[kMaxBranches];
  Rows gate[kMaxBranches];                // before silu
  const void* weight[kMaxBranches] = {};  // [D]
  const void* bias[kMaxBranches] = {};    // [D]
  Rows out;                               // overwritten
  void* moments = nullptr;                // [tokens, branches, 2]: mean and 1 / deviation, overwritten
};

struct GatedNormBackward {
  Scalar io = Scalar::kFloat32;
  std::int64_t tokens = 0, channels = 0;
  int branches = 0;
  int gates = 0;
  Rows y[kMaxBranches];
  Rows gate[kMaxBranches];
  const void* weight[kMaxBranches] = {};
  const void* bias[kMaxBranches] = {};
  const void* moments = nullptr;  // as the forward pass left them
  Rows d_out;
  Rows d_y[kMaxBranches];             // overwritten, all of them
  Rows d_gate[kMaxBranches];          // overwritten; before silu
  void* d_weight[kMaxBranches] = {};  // [D], overwritten
  void* d_bias[kMaxBranches] = {};    // [D], overwritten
};

/// Edges sorted by receiver.
struct GraphEdges {
  std::int64_t count = 0;                  // E
  std::int64_t joints = 0;                 // V
  const std::int32_t* source = nullptr;    // [E]
  const std::int32_t* receiver = nullptr;  // [E]
};

struct GraphMixForward {
  Scalar io = Scalar::kFloat32;
  std::int64_t frames = 0, channels = 0;
  GraphEdges edges;
  Rows u;                      // [frames V, D]
  const void* mix = nullptr;   // [E, D]
  const void* bias = nullptr;  // [D]
  Rows out;                    // [frames V, D], overwritten
};

struct GraphMixBackward {
  Scalar io = Scalar::kFloat32;
  std::int64_t frames = 0, channels = 0;
  GraphEdges edges;
  Rows u;
  const void* mix = nullptr;
  const void* bias = nullptr;
  Rows d_out;
  Rows d_u;                // overwritten
  void* d_mix = nullptr;   // [E, D], overwritten
  void* d_bias = nullptr;  // [D], overwritten
};

inline constexpr std::int64_t kMaxRank = 32;

struct LowRankForward {
  Scalar io = Scalar::kFloat32;
  std::int64_t tokens = 0, channels = 0;
  std::int64_t rank = 0;         // 1 .. kMaxRank
  Rows x;                        // [tokens, rank]
  const void* weight = nullptr;  // [D, rank]
  Rows out;                      // [tokens, D], overwritten
};

struct LowRankBackward {
  Scalar io = Scalar::kFloat32;
  std::int64_t tokens = 0, channels = 0;
  std::int64_t rank = 0;
  Rows x;
  const void* weight = nullptr;
  Rows d_out;
  Rows d_x;                  // overwritten
  void* d_weight = nullptr;  // [D, rank], overwritten
};

}  // namespace stgmamba::kernels
