// SPDX-License-Identifier: MIT
// Which build runs, and how tokens or frames are cut into ranges whose sums are added in a fixed order.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "block/cpu/task.hpp"
#include "scan/cpu/scan.hpp"

namespace stgmamba::kernels {

const BlockKernels& find_block_kernels(Scalar io, Isa isa);

/// At most 64 ranges, by `count` alone: results must not depend on the number of threads.
std::int64_t range_count(std::int64_t count);
Range range_at(std::int64_t count, std::int64_t index);

/// One row of the sums over ranges, [ranges, rows, stride], added up in their order into to[0 .. columns).
struct SumRow {
  std::int64_t row;
  void* to;
};
void add_ranges(const void* sums, std::int64_t ranges, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                std::size_t scalar_bytes, const std::vector<SumRow>& wanted);

}  // namespace stgmamba::kernels
