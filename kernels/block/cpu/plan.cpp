// SPDX-License-Identifier: MIT
#include "block/cpu/plan.hpp"

#include <algorithm>

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kRanges = 64;

template <class T>
void add(const void* sums, std::int64_t ranges, std::int64_t rows, std::int64_t stride, std::int64_t columns,
         const std::vector<SumRow>& wanted) {
  const auto* from = static_cast<const T*>(sums);
  for (const SumRow& want : wanted) {
    auto* to = static_cast<T*>(want.to);
    std::fill_n(to, columns, T(0));
    for (std::int64_t i = 0; i < ranges; ++i) {
      const T* row = from + (i * rows + want.row) * stride;
      for (std::int64_t c = 0; c < columns; ++c) {
        to[c] += row[c];
      }
    }
  }
}

}  // namespace

const BlockKernels& find_block_kernels(Scalar io, Isa isa) {
#ifdef STG_SCAN_X86
  const BlockKernels* found = isa == Isa::kAvx512 ? avx512_block_kernels(io)
                              : isa == Isa::kAvx2 ? avx2_block_kernels(io)
                                                  : nullptr;
  if (found != nullptr) {
    return *found;
  }
#endif
  return *portable_block_kernels(io);
}

std::int64_t range_count(std::int64_t count) {
  return std::min(count, kRanges);
}

Range range_at(std::int64_t count, std::int64_t index) {
  const std::int64_t ranges = range_count(count);
  return {count * index / ranges, count * (index + 1) / ranges};
}

void add_ranges(const void* sums, std::int64_t ranges, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                std::size_t scalar_bytes, const std::vector<SumRow>& wanted) {
  const auto run = scalar_bytes == sizeof(double) ? add<double> : add<float>;
  run(sums, ranges, rows, stride, columns, wanted);
}

}  // namespace stgmamba::kernels
