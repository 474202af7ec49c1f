// SPDX-License-Identifier: MIT
// From a gated norm to the parameters of its launches. Plain host arithmetic.
#pragma once

#include "block/problem.hpp"
#include "scan/gpu/plan.hpp"

namespace stgmamba::kernels {

inline constexpr int kNormBlocks = 1024;  // of a backward launch at most: as many partial sums of a weight
inline constexpr int kNormFinishColumns = 32, kNormFinishGroups = 16;  // a block of the second pass

struct NormForwardArgs {
  Lines y[kMaxBranches], gate[kMaxBranches], out;
  const void *weight[kMaxBranches], *bias[kMaxBranches];
  void* moments;  // [tokens, branches, 2]
  int channels, gates;
  float epsilon;
};

struct NormBackwardArgs {
  Lines y[kMaxBranches], gate[kMaxBranches], d_out, d_y[kMaxBranches], d_gate[kMaxBranches];
  const void *weight[kMaxBranches], *bias[kMaxBranches], *moments;
  void* sums;  // [blocks, branches, 2, D]
  void *d_weight[kMaxBranches], *d_bias[kMaxBranches];
  int tokens, channels, gates, blocks;
};

struct NormPlan {
  long long blocks = 0;
  int threads = 0, shared_bytes = 0;
};

/// nullptr, or what is wrong.
const char* plan_norm_forward(const GatedNormForward& problem, NormPlan& plan, NormForwardArgs& args);
const char* plan_norm_backward(const GatedNormBackward& problem, void* workspace, NormPlan& plan,
                               NormBackwardArgs& args);

}  // namespace stgmamba::kernels
