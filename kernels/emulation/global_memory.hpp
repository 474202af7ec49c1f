// SPDX-License-Identifier: MIT
// Global memory of the emulated device: buffers with canaries around them and between their rows. As long as any buffer
// is registered, every load and store of a kernel must fall inside one, and canaries are looked at after every launch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "emulation/fault.hpp"

namespace stgmamba::kernels::emulation {

/// What a buffer looks like: `rows` rows of `row_bytes`, the next one `stride_bytes` further.
struct BufferShape {
  std::int64_t rows = 1;
  std::int64_t row_bytes = 0;
  std::int64_t stride_bytes = 0;
};

/// Owns memory filled with 0xff (NaN as any real type). Bytes outside the rows may not be read or written by a kernel.
class GuardedBuffer {
 public:
  GuardedBuffer(std::string name, BufferShape shape);
  GuardedBuffer(std::string name, std::int64_t bytes) : GuardedBuffer(std::move(name), BufferShape{1, bytes, bytes}) {}
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  void* data() { return memory_.data() + kMargin; }
  /// Margins included, to mirror the buffer on a device: data() is kMargin bytes in.
  std::vector<unsigned char>& whole() { return memory_; }
  const BufferShape& shape() const { return shape_; }
  const std::string& name() const { return name_; }
  bool holds(std::uintptr_t address, std::size_t size) const;
  bool is_near(std::uintptr_t address) const;
  /// Name of the first damaged place, empty when all is well.
  std::string damage() const;

  static constexpr std::int64_t kMargin = 256;

 private:
  std::string name_;
  BufferShape shape_;
  std::vector<unsigned char> memory_;
};

/// Fails unless [pointer, pointer + size) is aligned and lies inside a row of a registered buffer.
void check_global(const void* pointer, std::size_t size, std::size_t alignment, const char* what, const Site& site);

/// Throws a Fault that names the first registered buffer with a damaged canary.
void check_canaries();

}  // namespace stgmamba::kernels::emulation
