// SPDX-License-Identifier: MIT
// Which build runs, and how tokens or frames are cut into ranges whose sums are added in a fixed order.
#pragma once

#include <cstdint>
#include <vector>

#include "block/cpu/task.hpp"
#include "scan/cpu/plan.hpp"
#include "scan/cpu/scan.hpp"

namespace stgmamba::kernels {

const BlockKernels& find_block_kernels(Scalar io, Isa isa);

/// Channels rounded up to whole vectors.
inline std::int64_t padded(std::int64_t channels, const BlockKernels& kernels) {
  return (channels + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
}

/// A number of tokens or frames as ranges of at least `least`, at most 64 of them. By the numbers alone: results must
/// not depend on how many threads run.
struct Ranges {
  Ranges(std::int64_t of, std::int64_t least);
  Range at(std::int64_t index) const { return {total * index / count, total * (index + 1) / count}; }
  std::int64_t total, count;
};

/// Sums over ranges: `rows` rows of D a range, in the accumulation type.
class RangeSums {
 public:
  RangeSums(const BlockKernels& kernels, std::int64_t ranges, std::int64_t rows, std::int64_t channels);
  /// [rows, D rounded up] of one range.
  void* of(std::int64_t range) const;
  /// The sum over the ranges, in their order, of every row: row i goes to to[i], [D].
  void add_up(const std::vector<void*>& to, const CpuRun& run) const;

 private:
  std::int64_t ranges_, rows_, channels_;
  std::size_t row_bytes_;
  bool wide_;  // double
  Buffer memory_;
};

}  // namespace stgmamba::kernels
