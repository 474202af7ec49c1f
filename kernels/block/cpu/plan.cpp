// SPDX-License-Identifier: MIT
#include "block/cpu/plan.hpp"

#include <algorithm>

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kMostRanges = 64;

/// to[c] = the sum over `ranges` of row[c], `step` bytes from range to range.
template <class T>
void add_row(const char* row, std::size_t step, std::int64_t ranges, std::int64_t channels, void* to) {
  auto* sum = static_cast<T*>(to);
  std::fill_n(sum, channels, T(0));
  for (std::int64_t i = 0; i < ranges; ++i) {
    const auto* share = reinterpret_cast<const T*>(row + static_cast<std::size_t>(i) * step);
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += share[c];
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

Ranges::Ranges(std::int64_t of, std::int64_t least)
    : total(of), count(std::clamp(of / least, std::int64_t{1}, kMostRanges)) {}

RangeSums::RangeSums(const BlockKernels& kernels, std::int64_t ranges, std::int64_t rows, std::int64_t channels)
    : ranges_(ranges),
      rows_(rows),
      channels_(channels),
      row_bytes_(static_cast<std::size_t>(padded(channels, kernels)) * kernels.scalar_bytes),
      wide_(kernels.scalar_bytes == sizeof(double)),
      memory_(static_cast<std::size_t>(ranges * rows) * row_bytes_) {}

void* RangeSums::of(std::int64_t range) const {
  return memory_.get() + static_cast<std::size_t>(range * rows_) * row_bytes_;
}

void RangeSums::add_up(const std::vector<void*>& to, const CpuRun& run) const {
  const auto add = wide_ ? add_row<double> : add_row<float>;
  run_tasks(run, rows_, 0, [&](std::int64_t i, void*) {
    add(memory_.get() + static_cast<std::size_t>(i) * row_bytes_, static_cast<std::size_t>(rows_) * row_bytes_, ranges_,
        channels_, to[static_cast<std::size_t>(i)]);
  });
}

}  // namespace stgmamba::kernels
