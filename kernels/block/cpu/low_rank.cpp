// SPDX-License-Identifier: MIT
#include "stgmamba/util/check.hpp"

#include "block/cpu/block.hpp"
#include "block/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kLeastTokens = 32;  // a range

/// [D, rank] <-> [rank, row], zero beyond D.
template <class T>
void pack(const void* weight, std::int64_t channels, std::int64_t rank, std::int64_t row, void* packed) {
  const auto* from = static_cast<const T*>(weight);
  auto* to = static_cast<T*>(packed);
  for (std::int64_t r = 0; r < rank; ++r) {
    for (std::int64_t c = 0; c < row; ++c) {
      to[r * row + c] = c < channels ? from[c * rank + r] : T(0);
    }
  }
}
template <class T>
void unpack(const void* packed, std::int64_t channels, std::int64_t rank, void* weight) {
  const auto* from = static_cast<const T*>(packed);  // [rank, D]
  auto* to = static_cast<T*>(weight);
  for (std::int64_t r = 0; r < rank; ++r) {
    for (std::int64_t c = 0; c < channels; ++c) {
      to[c * rank + r] = from[r * channels + c];
    }
  }
}

template <class Problem>
Buffer packed_weight(const Problem& p, const BlockKernels& kernels) {
  STG_CHECK(p.channels >= 1 && p.rank >= 1 && p.rank <= kMaxRank,
            "[low_rank] needs channels and a rank of 1 to {}, got {} and {}", kMaxRank, p.channels, p.rank);
  const std::int64_t row = padded(p.channels, kernels);
  Buffer packed(static_cast<std::size_t>(p.rank * row) * kernels.scalar_bytes);
  const auto run = kernels.scalar_bytes == sizeof(double) ? pack<double> : pack<float>;
  run(p.weight, p.channels, p.rank, row, packed.get());
  return packed;
}

}  // namespace

void low_rank_forward(const LowRankForward& problem, const CpuRun& run) {
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const Buffer weight = packed_weight(problem, kernels);
  const Ranges ranges(problem.tokens, kLeastTokens);
  run_tasks(run, ranges.count, 0,
            [&](std::int64_t i, void*) { kernels.low_rank_forward(problem, ranges.at(i), weight.get()); });
}

void low_rank_backward(const LowRankBackward& problem, const CpuRun& run) {
  const BlockKernels& kernels = find_block_kernels(problem.io, run.isa);
  const Buffer weight = packed_weight(problem, kernels);
  const Ranges ranges(problem.tokens, kLeastTokens);
  const RangeSums sums(kernels, ranges.count, problem.rank, problem.channels);
  run_tasks(run, ranges.count, 0,
            [&](std::int64_t i, void*) { kernels.low_rank_backward(problem, ranges.at(i), weight.get(), sums.of(i)); });
  const std::size_t row_bytes = static_cast<std::size_t>(problem.channels) * kernels.scalar_bytes;
  const Buffer total(static_cast<std::size_t>(problem.rank) * row_bytes);  // [rank, D]
  std::vector<void*> to;
  for (std::int64_t r = 0; r < problem.rank; ++r) {
    to.push_back(total.get() + static_cast<std::size_t>(r) * row_bytes);
  }
  sums.add_up(to, run);
  const auto unpacked = kernels.scalar_bytes == sizeof(double) ? unpack<double> : unpack<float>;
  unpacked(total.get(), problem.channels, problem.rank, problem.d_weight);
}

}  // namespace stgmamba::kernels
