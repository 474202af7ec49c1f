// SPDX-License-Identifier: MIT
// From a problem to the parameters of its launches: grids, blocks, shared memory, workspace. Plain host arithmetic.
#pragma once

#include <cstddef>

#include "scan/problem.hpp"

namespace stgmamba::kernels {

inline constexpr int kForwardTile = 32;      // steps whose B and C are in shared memory at a time
inline constexpr int kForwardThreads = 128;  // channels a block, at most
inline constexpr int kSegment = 64;          // steps whose states are kept on chip; longer scans are cut into segments
inline constexpr int kPartials = 128;        // blocks a branch and slice at most: partial sums of dA, dskip, dbias
inline constexpr int kFinishThreads = 256;

/// Rows of a matrix as a kernel sees them.
struct Lines {
  char* data = nullptr;
  int stride = 0;  // bytes from token to token
};

/// ScanPath in 32 bits.
struct PathArgs {
  const std::int32_t* order = nullptr;
  int inner = 1, outer_stride = 0, inner_stride = 0, step = 1;
  int length = 0, period = 1, reverse = 0, sequences = 0;
};

struct ForwardBranchArgs {
  PathArgs path;
  Lines delta, b, c, y;
  const void *a, *skip, *bias, *first;
  void* last;
  int first_block;  // blocks before this branch's
};

struct ForwardArgs {
  ForwardBranchArgs branch[kMaxBranches];  // longest first, so that the launch ends with short blocks
  Lines u;
  int branches, channels, states, slices;
};

struct ForwardPlan {
  ForwardArgs args{};
  Scalar io{};
  int padded = 0;  // states: 8, 16 or 32
  long long blocks = 0;
  int threads = 0, shared_bytes = 0;
};

struct BackwardBranchArgs {
  PathArgs path;
  Lines delta, b, c, d_y, d_delta;
  Lines d_u;  // this branch's share, accumulation type; the result itself when it is the only branch
  const void *a, *skip, *bias, *first;
  void* d_first;
  void* segment_states;  // [blocks, segments, N, threads], only for scans longer than a segment
  void* bc_sums;         // [slices, tokens, 2 N]
  void* channel_sums;    // [partials, N + 2, D]
  int first_block, partials;
  int chunk;  // steps from one state kept on chip to the next
};

struct BackwardArgs {
  BackwardBranchArgs branch[kMaxBranches];
  Lines u;
  int branches, channels, states, slices, tokens;
  int d_u_is_io;                              // single branch: no second pass over d_u
  int bc_offset, sums_offset, tokens_offset;  // bytes in shared memory; the kept states come first
};

/// Second pass; work is cut into three ranges of elements: d_b and d_c, then d_a, d_skip and d_bias, then d_u.
struct FinishBranchArgs {
  Lines d_b, d_c;
  void *d_a, *d_skip, *d_bias;
  const void *bc_sums, *channel_sums, *d_u;
  int partials;
};

struct FinishArgs {
  FinishBranchArgs branch[kMaxBranches];  // in the caller's order, which is the order of summation
  Lines d_u;
  int branches, channels, states, slices, tokens;
  long long bc_blocks, channel_blocks;  // a branch
};

struct BackwardPlan {
  BackwardArgs args{};
  FinishArgs finish{};
  Scalar io{};
  int padded = 0;
  long long blocks = 0, finish_blocks = 0;
  int threads = 0, shared_bytes = 0;
  std::size_t workspace = 0;  // bytes
};

/// nullptr, or why the problem is refused.
const char* plan_forward(const ScanForward& problem, ForwardPlan& plan);
const char* plan_backward(const ScanBackward& problem, void* workspace, BackwardPlan& plan);

}  // namespace stgmamba::kernels
