// SPDX-License-Identifier: MIT
// What a selective scan is asked to do, shared by the CPU and CUDA kernels: raw pointers, strides and integers, no
// torch.
//
//   delta = softplus(raw + bias)                     (raw + bias itself where that is above 20)
//   h[t]  = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t],   y[t] = C[t] . h[t] + skip u[t]
//
// A problem has up to kMaxBranches branches over one U; each branch is a set of independent sequences of tokens, and a
// token is one row of D contiguous channels. Which rows a sequence visits is all that tells the branches apart.
#pragma once

#include <cstdint>

namespace stgmamba::kernels {

inline constexpr int kMaxBranches = 4;
inline constexpr int kMaxStates = 256;    // of the CPU kernels
inline constexpr int kMaxGpuStates = 32;  // a thread's registers hold them

enum class Scalar : std::int32_t { kFloat32, kFloat64, kBFloat16, kFloat16 };

/// Token visited by sequence s at position t:
///   base(s) = (s / inner) * outer_stride + (s % inner) * inner_stride
///   k       = reverse ? length - 1 - t : t
///   token   = base(s) + (order == nullptr ? k * step : (k / period) * period * step + order[k % period] * step)
/// SG: inner 1, outer_stride V, step 1. TGF: inner V, outer_stride F V, inner_stride 1, step V; TGB the same, reverse.
struct ScanPath {
  std::int64_t sequences = 0;  // S
  std::int64_t length = 0;     // L
  std::int64_t inner = 1;
  std::int64_t outer_stride = 0, inner_stride = 0;  // tokens
  std::int64_t step = 1;                            // tokens
  bool reverse = false;
  const std::int32_t* order = nullptr;  // [period], a permutation; in the memory of the device that scans
  std::int32_t period = 0;
};

/// A [tokens, columns] matrix, columns contiguous.
struct Rows {
  void* data = nullptr;
  std::int64_t stride = 0;  // elements from token to token
};

struct ScanBranchForward {
  ScanPath path;
  Rows delta;                   // [tokens, D], before bias and softplus
  Rows b, c;                    // [tokens, N]
  const void* a = nullptr;      // [D, N] contiguous, negative; accumulation type
  const void* skip = nullptr;   // [D]; accumulation type
  const void* bias = nullptr;   // [D]; accumulation type
  const void* first = nullptr;  // [S, D, N] or nullptr = 0; accumulation type
  Rows y;                       // [tokens, D], overwritten
  void* last = nullptr;         // [S, D, N] or nullptr, overwritten; accumulation type
};

struct ScanForward {
  Scalar io = Scalar::kFloat32;  // of u, delta, b, c, y; accumulation is float32, float64 for kFloat64
  std::int64_t channels = 0;     // D
  std::int64_t states = 0;       // N
  Rows u;                        // [tokens, D]
  int branches = 0;
  ScanBranchForward branch[kMaxBranches];
};

struct ScanBranchBackward {
  ScanPath path;
  Rows delta, b, c;
  const void* a = nullptr;
  const void* skip = nullptr;
  const void* bias = nullptr;
  const void* first = nullptr;
  Rows d_y;                 // [tokens, D]
  Rows d_delta;             // [tokens, D], overwritten; before bias and softplus
  Rows d_b, d_c;            // [tokens, N], overwritten; may be strided views of d(x_proj output)
  void* d_a = nullptr;      // [D, N], overwritten; accumulation type
  void* d_skip = nullptr;   // [D]
  void* d_bias = nullptr;   // [D]
  void* d_first = nullptr;  // [S, D, N] or nullptr
};

struct ScanBackward {
  Scalar io = Scalar::kFloat32;
  std::int64_t channels = 0;
  std::int64_t states = 0;
  std::int64_t tokens = 0;  // rows of U, for the sum over branches
  Rows u;
  Rows d_u;  // [tokens, D], overwritten with the sum over the branches in their order
  int branches = 0;
  ScanBranchBackward branch[kMaxBranches];
};

}  // namespace stgmamba::kernels
