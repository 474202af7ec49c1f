// SPDX-License-Identifier: MIT
#include "scan/cpu/plan.hpp"

#include <algorithm>
#include <atomic>

#ifdef STG_SCAN_X86
#include <xmmintrin.h>
#endif

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kSequenceParts = 64;
constexpr std::int64_t kEnoughTasks = 32;  // below this, channels are split as well
constexpr std::int64_t kChannelParts = 8;  // each costs 2N numbers a token in the backward pass

/// Scratch of one worker that should stay in its L2 cache: a and a h of every step of a chunk.
constexpr std::size_t kScratchBytes = 896 * 1024;

/// Steps of a chunk at most: a chunk's share of dA, dskip and dbias is one plain sum in float. Over more than this its
/// rounding was seen to leave the bound of 2e-6.
constexpr std::int64_t kLongestChunk = 256;

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

template <class T>
void pack(const ScanKernels& kernels, std::int64_t channels, std::int64_t states, const void* from, double scale,
          char* to) {
  const auto* matrix = static_cast<const T*>(from);  // [D, N]
  auto* packed = reinterpret_cast<T*>(to);           // [blocks, N, W]
  const std::int64_t padded = blocks_of(channels, kernels) * kernels.lanes;
  for (std::int64_t d = 0; d < padded; ++d) {
    const std::int64_t block = d / kernels.lanes;
    for (std::int64_t n = 0; n < states; ++n) {
      const double value = d < channels ? scale * static_cast<double>(matrix[d * states + n]) : 0.0;
      packed[(block * states + n) * kernels.lanes + d % kernels.lanes] = static_cast<T>(value);
    }
  }
}

}  // namespace

#ifdef STG_SCAN_X86
DenormalsOff::DenormalsOff() : kept_(_mm_getcsr()) {
  _mm_setcsr(kept_ | 0x8040U);  // flush to zero, denormals are zero
}
DenormalsOff::~DenormalsOff() {
  _mm_setcsr(kept_);
}
#else
DenormalsOff::DenormalsOff() = default;
DenormalsOff::~DenormalsOff() = default;
#endif

void Cut::apply(std::int64_t i, ScanPart& part) const {
  const std::int64_t s = i / channel_parts;
  const std::int64_t c = i % channel_parts;
  part.sequence_begin = sequences * s / sequence_parts;
  part.sequence_end = sequences * (s + 1) / sequence_parts;
  part.block_begin = blocks * c / channel_parts;
  part.block_end = blocks * (c + 1) / channel_parts;
}

Cut cut(std::int64_t sequences, std::int64_t blocks) {
  Cut c{sequences, blocks};
  c.sequence_parts = std::min(sequences, kSequenceParts);
  c.channel_parts = std::min({blocks, kChannelParts, divide_up(kEnoughTasks, c.sequence_parts)});
  return c;
}

std::int64_t backward_chunk(const ScanKernels& kernels, ScanPart part, std::int64_t forced) {
  const std::int64_t length = part.path.length;
  if (forced > 0) {
    return std::min(forced, length);
  }
  constexpr std::int64_t kProbe = 64;
  part.path.length = 1;
  part.chunk = 2 * kProbe;
  std::size_t bytes = kernels.backward_scratch(part);
  part.chunk = kProbe;
  bytes -= kernels.backward_scratch(part);
  const auto fits =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(kScratchBytes * kProbe / bytes), 16, kLongestChunk);
  const std::int64_t chunks = divide_up(length, fits);
  return divide_up(length, chunks);
}

const ScanKernels& find_kernels(Scalar io, Isa isa) {
#ifdef STG_SCAN_X86
  const ScanKernels* found = isa == Isa::kAvx512 ? avx512_kernels(io) : isa == Isa::kAvx2 ? avx2_kernels(io) : nullptr;
  if (found != nullptr) {
    return *found;
  }
#endif
  return *portable_kernels(io);
}

Packed::Packed(const ScanKernels& kernels, std::int64_t channels, std::int64_t states, const void* a, const void* skip,
               const void* bias)
    : memory_(static_cast<std::size_t>(blocks_of(channels, kernels) * kernels.lanes * (states + 2)) *
              kernels.scalar_bytes) {
  const bool wide = kernels.scalar_bytes == sizeof(double);
  const auto put = wide ? pack<double> : pack<float>;
  row_bytes_ = blocks_of(channels, kernels) * kernels.lanes * static_cast<std::int64_t>(kernels.scalar_bytes);
  rates_bytes_ = row_bytes_ * states;
  put(kernels, channels, states, a, kernels.rate_scale, memory_.get());
  put(kernels, channels, 1, skip, 1.0, memory_.get() + rates_bytes_);
  put(kernels, channels, 1, bias, 1.0, memory_.get() + rates_bytes_ + row_bytes_);
}

void Packed::apply(ScanPart& part) const {
  part.rates = memory_.get();
  part.skip = memory_.get() + rates_bytes_;
  part.bias = memory_.get() + rates_bytes_ + row_bytes_;
}

void run_tasks(const CpuRun& run, std::int64_t count, std::size_t scratch_bytes,
               const std::function<void(std::int64_t, void*)>& task) {
  std::atomic<std::int64_t> next{0};
  // Whoever is free takes the next task, whatever range it was handed: equal shares wait for the slowest core.
  const auto body = [&](std::int64_t, std::int64_t) {
    const DenormalsOff flush;
    const Buffer scratch(scratch_bytes);
    for (std::int64_t i = next++; i < count; i = next++) {
      task(i, scratch.get());
    }
  };
  if (run.parallel) {
    run.parallel(count, body);
  } else {
    body(0, count);
  }
}

}  // namespace stgmamba::kernels
