// SPDX-License-Identifier: MIT
// One stack a CUDA thread. A fiber runs until it suspends; the scheduler decides who runs next.
#pragma once

#include <cstddef>
#include <memory>

namespace stgmamba::kernels::emulation {

/// Saved stack pointers (x86-64) or contexts (elsewhere), and the bounds that AddressSanitizer wants to know.
struct FiberContext;

class Fiber {
 public:
  using Entry = void (*)(void* argument);

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Makes the fiber ready to run entry(argument) from its beginning. What it ran before is forgotten.
  void start(Entry entry, void* argument);
  /// Runs the fiber until it suspends or returns. Called by the scheduler.
  void resume();
  /// Goes back to the scheduler. Called on the fiber. `forever`: it will not be resumed.
  void suspend(bool forever = false);

 private:
  static void run(Fiber* self);
  friend void fiber_entry();

  std::unique_ptr<FiberContext> context_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
};

}  // namespace stgmamba::kernels::emulation
