// SPDX-License-Identifier: MIT
// LibTorch's number of threads for the length of a scope.
#pragma once

#include <ATen/Parallel.h>

namespace stgmamba::test {

class ScopedThreads {
 public:
  explicit ScopedThreads(int threads) : before_(at::get_num_threads()) { at::set_num_threads(threads); }
  ~ScopedThreads() { at::set_num_threads(before_); }
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  int before_;
};

}  // namespace stgmamba::test
