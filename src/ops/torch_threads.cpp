// SPDX-License-Identifier: MIT
#include "ops/torch_threads.hpp"

#include <ATen/Parallel.h>

#if AT_PARALLEL_OPENMP && !defined(_OPENMP)
#error "compile this file with OpenMP: at::parallel_for would be serial"
#endif

namespace stgmamba::ops {

void on_torch_threads(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
  at::parallel_for(0, count, 1, [&body](std::int64_t begin, std::int64_t end) { body(begin, end); });
}

}  // namespace stgmamba::ops
