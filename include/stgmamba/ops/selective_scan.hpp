// SPDX-License-Identifier: MIT
// The selective scans of one STGM block: any subset of joints / frames forward / frames backward in one call.
//
//   delta = softplus(delta_raw + delta_bias)                                  (s itself where s > 20)
//   h[t]  = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t],   y[t] = C[t] . h[t] + skip u[t]
//
// Zero-order hold for A, first order for B, as state-spaces/mamba `selective_scan_ref`. Layout is token-major,
// [B, F, V, D] with D contiguous; which axis a branch runs along is only a stride, and backward only its sign.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace stgmamba::ops {

enum class ScanAxis {
  kJoints,  // the V joints of one frame
  kFrames,  // the F frames of one joint
  kNodes,   // all F*V nodes of a clip in one sequence, frame by frame
};

struct ScanBranch {
  ScanAxis axis = ScanAxis::kFrames;
  bool reverse = false;             // run the sequence from its end
  std::vector<std::int64_t> order;  // kJoints, kNodes: joint visited at each position; empty = 0..V-1
  at::Tensor delta;                 // [B, F, V, D] before bias and softplus
  at::Tensor b, c;                  // [B, F, V, N] (strided views are fine)
  at::Tensor a;                     // [D, N], at most 0 (not checked: kernels know no growing state)
  at::Tensor skip;                  // [D]
  at::Tensor delta_bias;            // [D]
  at::Tensor initial_state;         // [S, D, N] or undefined = 0; S = B*F (kJoints), B*V (kFrames), B (kNodes)
  bool keep_last_state = true;      // false: last_state stays undefined and is not written
};

struct ScanOutput {
  at::Tensor y;           // [B, F, V, D]
  at::Tensor last_state;  // [S, D, N] in the accumulation type, not differentiable
};

enum class ScanBackend { kAuto, kReference, kCpu, kCuda };
ScanBackend scan_backend_from_name(const std::string& name);
/// The backends of this build for people to read: "cpu (avx512), reference".
std::string scan_backends_here();

/// Outputs of every branch, in the order given. Differentiable once (a double backward throws BugError).
/// Gradients with respect to u are summed over the branches in the order given. u: [B, F, V, D].
std::vector<ScanOutput> selective_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches,
                                       ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
