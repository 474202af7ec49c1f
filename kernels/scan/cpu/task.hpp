// SPDX-License-Identifier: MIT
// What the plan hands to a kernel: one branch, a range of its sequences and a range of its channel blocks.
//
// A channel block is W neighbouring channels, one a SIMD lane. Operands without a token axis come packed by block,
// [blocks, N, W] or [blocks, W], zero beyond D; in the accumulation type T, float or double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scan/problem.hpp"

namespace stgmamba::kernels {

/// Everything both directions need to walk their part of a branch.
struct ScanPart {
  ScanPath path;
  Rows u, delta, b, c;
  const void* first = nullptr;  // T [S, D, N] or nullptr
  const void* rates = nullptr;  // T [blocks, N, W]: A kRateScale
  const void* skip = nullptr;   // T [blocks, W]
  const void* bias = nullptr;   // T [blocks, W]
  std::int64_t channels = 0, states = 0;
  std::int64_t sequence_begin = 0, sequence_end = 0;
  std::int64_t block_begin = 0, block_end = 0;
  std::int64_t chunk = 0;  // steps worked on at a time
};

struct ForwardTask {
  ScanPart part;
  Rows y;
  void* last = nullptr;  // T [S, D, N] or nullptr
};

struct BackwardTask {
  ScanPart part;
  Rows d_y, d_delta;
  Rows d_b, d_c;            // written when this task owns all channels ...
  void* d_bc = nullptr;     // ... else T [tokens, 2N]: this channel range's share
  void* d_first = nullptr;  // T [S, D, N] or nullptr
  void* d_rates = nullptr;  // T [blocks, N, W]: dA of these sequences, overwritten
  void* d_skip = nullptr;   // T [blocks, W]
  void* d_bias = nullptr;   // T [blocks, W]
  Rows d_u_before;          // T: the sum over the branches before, or nullptr
  Rows d_u_after;           // T: the sum with this one, when more branches follow or T is the tensors' type
  Rows d_u;                 // otherwise: the finished sum, in the tensors' type
};

/// One build of the kernels for one tensor type.
struct ScanKernels {
  int lanes;                 // W
  double rate_scale;         // packed rate = A * this
  std::size_t scalar_bytes;  // of T
  /// Scratch of one worker, in bytes.
  std::size_t (*forward_scratch)(const ScanPart& part);
  std::size_t (*backward_scratch)(const ScanPart& part);
  void (*forward)(const ForwardTask& task, void* scratch);
  void (*backward)(const BackwardTask& task, void* scratch);
};

/// nullptr where a build has no kernels for the type (float64 is portable only).
const ScanKernels* portable_kernels(Scalar io);
const ScanKernels* avx2_kernels(Scalar io);
const ScanKernels* avx512_kernels(Scalar io);

}  // namespace stgmamba::kernels
