// SPDX-License-Identifier: MIT
// The dynamic shared memory of a block, with a shadow of every 32-bit word: who wrote and read it last, and since which
// barrier. Two threads may touch a word in the same epoch only to read it. Works in every thread order, because it
// compares epochs and not values.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "emulation/fault.hpp"

namespace stgmamba::kernels::emulation {

class SharedMemory {
 public:
  /// A fresh block: every byte 0xff (a NaN as float or double, -1 as an integer), nothing written yet.
  void reset(std::size_t bytes);
  /// A block barrier orders all threads. (A shuffle does not order memory.)
  void next_epoch() { ++epoch_; }

  template <typename T>
  T read(std::size_t offset, int thread, const Site& site) {
    check(offset, sizeof(T), alignof(T), thread, site);
    for (std::size_t word = offset / 4; word < (offset + sizeof(T)) / 4; ++word) {
      note_read(word, thread, site);
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  template <typename T>
  void write(std::size_t offset, const T& value, int thread, const Site& site) {
    check(offset, sizeof(T), alignof(T), thread, site);
    for (std::size_t word = offset / 4; word < (offset + sizeof(T)) / 4; ++word) {
      note_write(word, thread, site);
    }
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
  }

 private:
  struct Access {
    std::uint32_t epoch = 0;  // 0: never
    std::int32_t thread = 0;
    std::uint32_t line = 0;
  };
  struct Word {
    Access writer;
    Access readers[2];  // two different threads of the latest epoch are enough to find a conflict with any writer
  };

  void check(std::size_t offset, std::size_t size, std::size_t alignment, int thread, const Site& site) const {
    if (offset + size > bytes_.size() || offset % alignment != 0) {
      fail_address(offset, size, alignment, thread, site);
    }
  }
  bool unordered(const Access& before, int thread) const { return before.epoch == epoch_ && before.thread != thread; }
  Access now(int thread, const Site& site) const { return {epoch_, thread, site.line()}; }
  void note_read(std::size_t word, int thread, const Site& site);
  void note_write(std::size_t word, int thread, const Site& site);
  [[noreturn]] void fail_address(std::size_t offset, std::size_t size, std::size_t alignment, int thread,
                                 const Site& site) const;
  [[noreturn]] void fail_race(const char* what, std::size_t word, const Access& before, int thread,
                              const Site& site) const;

  std::vector<unsigned char> bytes_;
  std::vector<Word> words_;
  std::uint32_t epoch_ = 1;
};

}  // namespace stgmamba::kernels::emulation
