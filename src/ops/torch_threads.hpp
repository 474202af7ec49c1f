// SPDX-License-Identifier: MIT
// LibTorch's intra-op threads for code of ours.
#pragma once

#include <cstdint>
#include <functional>

namespace stgmamba::ops {

/// at::parallel_for over [0, count) with a grain of 1. It lives in a file of its own because at::parallel_for is a
/// template that runs serially, without a word, in a file compiled without OpenMP.
void on_torch_threads(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace stgmamba::ops
