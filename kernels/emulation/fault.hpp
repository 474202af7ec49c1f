// SPDX-License-Identifier: MIT
// What the emulation says when a kernel does something that a GPU would not forgive.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace stgmamba::kernels::emulation {

using Site = std::source_location;

/// A broken rule of the device: a race, a divergent barrier, a wrong mask, an address out of bounds, a limit exceeded.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws a Fault. On a fiber it ends that thread, and the scheduler throws it again on the launching stack.
[[noreturn]] void fail(const std::string& message);

std::string where(const Site& site);

}  // namespace stgmamba::kernels::emulation
