// SPDX-License-Identifier: MIT
#include "emulation/grid.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "emulation/fiber.hpp"
#include "emulation/global_memory.hpp"
#include "emulation/shared_memory.hpp"

namespace stgmamba::kernels::emulation {
namespace {

enum class State { kReady, kAtBarrier, kAtExchange, kDone };

struct Thread {
  std::unique_ptr<Fiber> fiber = std::make_unique<Fiber>();
  State state = State::kReady;
  unsigned mask = 0;
  std::uint64_t bits = 0, result = 0;
  int source = 0;
  Site site;
};

/// Flush-to-zero for the duration, as the kernels are compiled for the device. Other machines than x86 keep denormals.
class FlushDenormals {
#ifdef __SSE2__
 public:
  FlushDenormals() : before_(_mm_getcsr()) {
    _mm_setcsr(before_ | 0x8040U);
  }
  ~FlushDenormals() {
    _mm_setcsr(before_);
  }

 private:
  unsigned before_;
#endif
};

class Grid {
 public:
  void run(const GridShape& shape, const std::function<void()>& body);

  void wait(State state, unsigned mask, std::uint64_t bits, int source, const Site& site);
  std::uint64_t result() const { return threads_[static_cast<std::size_t>(current)].result; }

  int current = -1;  // thread that runs, -1: none
  std::int64_t block = 0;
  GridShape shape;
  SharedMemory shared;

 private:
  void run_block(const std::function<void()>& body);
  bool run_ready();
  bool release_warps();
  bool release_warp(int warp);
  void finish_warp_call(int first, unsigned mask);
  bool release_barrier();
  [[noreturn]] void report_deadlock() const;
  void order_threads();

  std::vector<Thread> threads_;  // kept from launch to launch: stacks are expensive
  std::vector<int> order_;
  std::string fault_;
  std::uint64_t random_ = 1;
};

Grid& grid() {
  thread_local Grid instance;
  return instance;
}

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void Grid::run(const GridShape& wanted, const std::function<void()>& body) {
  shape = wanted;
  random_ = settings().seed;
  if (static_cast<int>(threads_.size()) < shape.threads) {
    threads_.resize(static_cast<std::size_t>(shape.threads));
  }
  const FlushDenormals flush;
  for (block = 0; block < shape.blocks; ++block) {
    run_block(body);
  }
}

void Grid::run_block(const std::function<void()>& body) {
  shared.reset(static_cast<std::size_t>(shape.shared_bytes));
  for (int i = 0; i < shape.threads; ++i) {
    Thread& thread = threads_[static_cast<std::size_t>(i)];
    thread.state = State::kReady;
    thread.fiber->start(
        [](void* function) {
          Grid& self = grid();
          try {
            (*static_cast<const std::function<void()>*>(function))();
          } catch (const Fault& fault) {  // an exception cannot leave the fiber's stack
            self.fault_ = fault.what();
          }
          self.threads_[static_cast<std::size_t>(self.current)].state = State::kDone;
        },
        const_cast<std::function<void()>*>(&body));
  }
  while (run_ready()) {
    // Both, in turn: warps may meet while others already wait for the block.
    while (release_warps()) {
      run_ready();
    }
    if (!release_barrier()) {
      break;
    }
  }
  for (int i = 0; i < shape.threads; ++i) {
    if (threads_[static_cast<std::size_t>(i)].state != State::kDone) {
      report_deadlock();
    }
  }
}

void Grid::order_threads() {
  order_.resize(static_cast<std::size_t>(shape.threads));
  std::iota(order_.begin(), order_.end(), 0);
  if (settings().order == ThreadOrder::kReverse) {
    std::reverse(order_.begin(), order_.end());
  } else if (settings().order == ThreadOrder::kRandom) {
    for (std::size_t i = order_.size(); i > 1; --i) {
      std::swap(order_[i - 1], order_[next_random(random_) % i]);
    }
  }
}

/// Runs every ready thread once, until it waits or ends. False when none was ready.
bool Grid::run_ready() {
  bool any = false;
  order_threads();
  for (const int i : order_) {
    Thread& thread = threads_[static_cast<std::size_t>(i)];
    if (thread.state != State::kReady) {
      continue;
    }
    any = true;
    current = i;
    thread.fiber->resume();
    current = -1;
    if (!fault_.empty()) {
      throw Fault("block " + std::to_string(block) + ": " + std::exchange(fault_, {}));
    }
  }
  return any;
}

bool Grid::release_warps() {
  bool any = false;
  for (int warp = 0; warp * 32 < shape.threads; ++warp) {
    any = release_warp(warp) || any;
  }
  return any;
}

/// Lets a group of lanes go on that wait in the same call with the same mask and are all that the mask names.
bool Grid::release_warp(int warp) {
  const int first = warp * 32;
  const int lanes = std::min(32, shape.threads - first);
  bool any = false;
  for (int lane = 0; lane < lanes; ++lane) {
    const Thread& leader = threads_[static_cast<std::size_t>(first + lane)];
    if (leader.state != State::kAtExchange) {
      continue;
    }
    bool complete = true;
    for (int other = 0; other < 32 && complete; ++other) {
      if ((leader.mask >> other & 1U) == 0) {
        continue;
      }
      if (other >= lanes) {
        throw Fault("shuffle mask names lane " + std::to_string(other) + " that the warp does not have, at " +
                    where(leader.site));
      }
      const Thread& peer = threads_[static_cast<std::size_t>(first + other)];
      complete = peer.state == leader.state && peer.mask == leader.mask && peer.site.line() == leader.site.line();
    }
    if (complete) {
      finish_warp_call(first, leader.mask);
      any = true;
    }
  }
  return any;
}

void Grid::finish_warp_call(int first, unsigned mask) {
  for (int lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) == 0) {
      continue;
    }
    Thread& thread = threads_[static_cast<std::size_t>(first + lane)];
    if (thread.source < 0 || thread.source > 31 || (mask >> thread.source & 1U) == 0) {
      throw Fault("shuffle mask leaves out lane " + std::to_string(thread.source) + " that lane " +
                  std::to_string(lane) + " reads, at " + where(thread.site));
    }
    thread.result = threads_[static_cast<std::size_t>(first + thread.source)].bits;
  }
  for (int lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1U) != 0) {
      threads_[static_cast<std::size_t>(first + lane)].state = State::kReady;
    }
  }
}

/// Lets the block go on when all its threads wait at one barrier.
bool Grid::release_barrier() {
  for (int i = 0; i < shape.threads; ++i) {
    const Thread& thread = threads_[static_cast<std::size_t>(i)];
    if (thread.state != State::kAtBarrier || thread.site.line() != threads_[0].site.line()) {
      return false;
    }
  }
  for (int i = 0; i < shape.threads; ++i) {
    threads_[static_cast<std::size_t>(i)].state = State::kReady;
  }
  shared.next_epoch();
  return true;
}

void Grid::report_deadlock() const {
  std::string text = "block " + std::to_string(block) + ": divergent barrier or shuffle, its threads wait for ever:";
  std::string before;
  for (int i = 0; i < shape.threads; ++i) {
    const Thread& thread = threads_[static_cast<std::size_t>(i)];
    std::string now = thread.state == State::kDone ? std::string("have ended")
                      : thread.state == State::kAtBarrier
                          ? "at the barrier of " + where(thread.site)
                          : "at the warp call of " + where(thread.site) + " with mask " + std::to_string(thread.mask);
    if (now != before) {
      text += " from thread " + std::to_string(i) + " " + now + ";";
      before = std::move(now);
    }
  }
  throw Fault(text);
}

void Grid::wait(State state, unsigned mask, std::uint64_t bits, int source, const Site& site) {
  Thread& thread = threads_[static_cast<std::size_t>(current)];
  if (state != State::kAtBarrier && (mask >> (current % 32) & 1U) == 0) {
    fail("shuffle mask leaves out the calling lane " + std::to_string(current % 32) + ", at " + where(site));
  }
  thread.state = state;
  thread.mask = mask;
  thread.bits = bits;
  thread.source = source;
  thread.site = site;
  thread.fiber->suspend();
}

void check_limits(const GridShape& shape) {
  const Settings& device = settings();
  if (shape.blocks < 1 || shape.blocks > 2147483647) {
    throw Fault("a grid of " + std::to_string(shape.blocks) + " blocks: must be 1 to 2^31 - 1");
  }
  if (shape.threads < 1 || shape.threads > device.max_threads) {
    throw Fault("a block of " + std::to_string(shape.threads) + " threads: must be 1 to " +
                std::to_string(device.max_threads));
  }
  if (shape.shared_bytes < 0 || shape.shared_bytes > device.max_shared) {
    throw Fault(std::to_string(shape.shared_bytes) + " bytes of shared memory a block: the device has " +
                std::to_string(device.max_shared));
  }
}

}  // namespace

Settings& settings() {
  thread_local Settings instance;
  return instance;
}

void fail(const std::string& message) {
  throw Fault(message);
}

std::string where(const Site& site) {
  const std::string file = site.file_name();
  return file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(site.line());
}

void run_grid(const GridShape& shape, const std::function<void()>& body) {
  check_limits(shape);
  ++settings().launches;
  settings().largest_shared = std::max(settings().largest_shared, shape.shared_bytes);
  grid().run(shape, body);
  check_canaries();
}

int thread_index() {
  return grid().current;
}
int block_size() {
  return grid().shape.threads;
}
std::int64_t block_index() {
  return grid().block;
}
SharedMemory& shared_memory() {
  return grid().shared;
}

void block_barrier(const Site& site) {
  settings().barrier_lines.insert(site.line());
  if (settings().skip_barrier_line != site.line()) {
    grid().wait(State::kAtBarrier, 0, 0, 0, site);
  }
}

std::uint64_t warp_exchange(unsigned mask, std::uint64_t bits, int source, const Site& site) {
  grid().wait(State::kAtExchange, mask, bits, source, site);
  return grid().result();
}

}  // namespace stgmamba::kernels::emulation
