// SPDX-License-Identifier: MIT
// What the host functions hand to a build of the kernels: a problem, a range of tokens or frames, and a share of the
// sums over them. A channel block is W neighbouring channels, one a SIMD lane; rows of sums are rounded up to blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block/problem.hpp"

namespace stgmamba::kernels {

struct Range {
  std::int64_t begin = 0, end = 0;
};

/// One build of the kernels for one tensor type. Scratch is per worker and needs no initial value.
struct BlockKernels {
  int lanes;                 // W
  std::size_t scalar_bytes;  // of the accumulation type
  void (*norm_forward)(const GatedNormForward& problem, Range tokens);
  /// sums: [branches, 2, D rounded up]: dweight and dbias of these tokens, overwritten. scratch: [branches, D rounded
  /// up]
  void (*norm_backward)(const GatedNormBackward& problem, Range tokens, void* sums, void* scratch);
  /// scratch: [V + E, W]
  void (*mix_forward)(const GraphMixForward& problem, Range frames, void* scratch);
  /// sums: [E + 1, D rounded up]: dmix and dbias of these frames, overwritten. scratch: [2 (V + E), W]
  void (*mix_backward)(const GraphMixBackward& problem, Range frames, void* sums, void* scratch);
  /// weight: [rank, D rounded up], packed
  void (*low_rank_forward)(const LowRankForward& problem, Range tokens, const void* weight);
  /// sums: [rank, D rounded up]: dweight of these tokens, overwritten
  void (*low_rank_backward)(const LowRankBackward& problem, Range tokens, const void* weight, void* sums);
};

/// nullptr where a build has no kernels for the type (float64 is portable only).
const BlockKernels* portable_block_kernels(Scalar io);
const BlockKernels* avx2_block_kernels(Scalar io);
const BlockKernels* avx512_block_kernels(Scalar io);

}  // namespace stgmamba::kernels
