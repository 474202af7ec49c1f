// SPDX-License-Identifier: MIT
// How a branch is cut into tasks, and its per-channel operands packed by channel block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "scan/cpu/scan.hpp"
#include "scan/cpu/task.hpp"

namespace stgmamba::kernels {

/// Uninitialised memory on a cache line.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes) : data_(::operator new(bytes == 0 ? 1 : bytes, kLine)) {}
  ~Buffer() { ::operator delete(data_, kLine); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Buffer& operator=(Buffer&&) = delete;
  char* get() const { return static_cast<char*>(data_); }

 private:
  static constexpr std::align_val_t kLine{64};
  void* data_;
};

/// Flushes denormals to zero in this thread while it lives. Adjoints decay as a^n and end up denormal in training,
/// where the arithmetic is a hundred times slower.
class DenormalsOff {
 public:
  DenormalsOff();
  ~DenormalsOff();
  DenormalsOff(const DenormalsOff&) = delete;
  DenormalsOff& operator=(const DenormalsOff&) = delete;

 private:
  unsigned kept_ = 0;
};

/// Pieces of a branch: ranges of sequences x ranges of channel blocks. Depends on shapes only.
struct Cut {
  std::int64_t sequences = 0, blocks = 0;
  std::int64_t sequence_parts = 1, channel_parts = 1;

  std::int64_t count() const { return sequence_parts * channel_parts; }
  /// Sets the ranges of piece i; pieces of one sequence range are neighbours.
  void apply(std::int64_t i, ScanPart& part) const;
};
Cut cut(std::int64_t sequences, std::int64_t blocks);

const ScanKernels& find_kernels(Scalar io, Isa isa);
/// Steps a backward scan works on at a time: all of the sequence when a worker's scratch fits its L2 cache, else equal
/// chunks that do, with a checkpoint before each. `forced` > 0 is taken instead.
std::int64_t backward_chunk(const ScanKernels& kernels, ScanPart part, std::int64_t forced);

inline std::int64_t blocks_of(std::int64_t channels, const ScanKernels& kernels) {
  return (channels + kernels.lanes - 1) / kernels.lanes;
}

/// A, skip and bias of one branch, packed: [blocks, N, W], [blocks, W], [blocks, W].
class Packed {
 public:
  Packed(const ScanKernels& kernels, std::int64_t channels, std::int64_t states, const void* a, const void* skip,
         const void* bias);
  void apply(ScanPart& part) const;

 private:
  Buffer memory_;
  std::int64_t rates_bytes_ = 0, row_bytes_ = 0;
};

/// Runs task(i, scratch) for all i, each worker with scratch of its own and denormals off.
void run_tasks(const CpuRun& run, std::int64_t count, std::size_t scratch_bytes,
               const std::function<void(std::int64_t, void*)>& task);

}  // namespace stgmamba::kernels
