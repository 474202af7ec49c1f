// SPDX-License-Identifier: MIT
// Runs a kernel's grid on the CPU: blocks one after the other, the threads of a block as fibers in a chosen order.
#pragma once

#include <cstdint>
#include <functional>
#include <set>

#include "emulation/fault.hpp"

namespace stgmamba::kernels::emulation {

enum class ThreadOrder { kForward, kReverse, kRandom };

/// What the emulated device is and how it runs. Tests change it through `settings()`.
struct Settings {
  ThreadOrder order = ThreadOrder::kForward;
  std::uint64_t seed = 1;     // of kRandom
  int max_threads = 1024;     // a block
  int max_shared = 232448;    // bytes a block may opt in to (sm_90); sm_80: 166912, sm_86 and sm_120: 101376
  std::int64_t launches = 0;  // counted since the program began
  int largest_shared = 0;     // bytes, of all launches
  // To prove that a kernel needs every barrier it has: those met so far, by line, and one to leave out.
  std::set<unsigned> barrier_lines;
  unsigned skip_barrier_line = 0;
};
Settings& settings();

struct GridShape {
  std::int64_t blocks = 0;
  int threads = 0;  // a block
  int shared_bytes = 0;
};

/// Runs body() once a thread. Throws Fault; memory of the kernel is then half written, as on a device.
void run_grid(const GridShape& shape, const std::function<void()>& body);

// What a thread sees. Only valid inside run_grid.
int thread_index();
int block_size();
std::int64_t block_index();

void block_barrier(const Site& site);
/// The 64 bits that lane `source` of the own warp brought to the same call.
std::uint64_t warp_exchange(unsigned mask, std::uint64_t bits, int source, const Site& site);

class SharedMemory;
SharedMemory& shared_memory();

}  // namespace stgmamba::kernels::emulation
