// SPDX-License-Identifier: MIT
#include "emulation/shared_memory.hpp"

namespace stgmamba::kernels::emulation {

void SharedMemory::reset(std::size_t bytes) {
  bytes_.assign(bytes, 0xff);
  words_.assign((bytes + 3) / 4, Word{});
  epoch_ = 1;
}

void SharedMemory::note_read(std::size_t word, int thread, const Site& site) {
  Word& w = words_[word];
  if (w.writer.epoch == 0) {
    fail("thread " + std::to_string(thread) + " reads shared word " + std::to_string(word) + " that nobody wrote, at " +
         where(site));
  }
  if (unordered(w.writer, thread)) {
    fail_race("reads a word written", word, w.writer, thread, site);
  }
  const Access access = now(thread, site);
  if (w.readers[0].epoch != epoch_ || w.readers[0].thread == thread) {
    if (w.readers[0].epoch != epoch_) {
      w.readers[1] = Access{};
    }
    w.readers[0] = access;
  } else {
    w.readers[1] = access;
  }
}

void SharedMemory::note_write(std::size_t word, int thread, const Site& site) {
  Word& w = words_[word];
  if (unordered(w.writer, thread)) {
    fail_race("writes a word written", word, w.writer, thread, site);
  }
  for (const Access& reader : w.readers) {
    if (unordered(reader, thread)) {
      fail_race("writes a word read", word, reader, thread, site);
    }
  }
  w.writer = now(thread, site);
}

void SharedMemory::fail_address(std::size_t offset, std::size_t size, std::size_t alignment, int thread,
                                const Site& site) const {
  const std::string access = std::to_string(size) + " bytes at " + std::to_string(offset);
  if (offset + size > bytes_.size()) {
    fail("thread " + std::to_string(thread) + " is out of bounds in shared memory: " + access + " of " +
         std::to_string(bytes_.size()) + ", at " + where(site));
  }
  fail("thread " + std::to_string(thread) + " makes a misaligned access to shared memory: " + access +
       " must be a multiple of " + std::to_string(alignment) + ", at " + where(site));
}

void SharedMemory::fail_race(const char* what, std::size_t word, const Access& before, int thread,
                             const Site& site) const {
  fail("race: thread " + std::to_string(thread) + " " + what + " by thread " + std::to_string(before.thread) +
       " (line " + std::to_string(before.line) + ") with no barrier between, shared word " + std::to_string(word) +
       ", at " + where(site));
}

}  // namespace stgmamba::kernels::emulation
