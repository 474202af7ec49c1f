// SPDX-License-Identifier: MIT
// Many sums over the lanes of a warp at once.
#pragma once

#include "scan/gpu/device.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

/// Returns in lane l the sum over all lanes of values[l % M]; M - 1 shuffles (and one for M = 16) instead of 5 M. A
/// halving butterfly: each stage gives the half of the values to the partner that will not end here. M is 16 or 32.
/// Destroys `values`. Stages are unrolled by template: a loop would put `values` on the stack.
template <int M, int kHalf = M / 2, typename T>
STG_DEVICE T warp_sums(T (&values)[M]) {
  constexpr unsigned kAll = 0xffffffffU;
  if constexpr (kHalf > 0) {
    const bool upper = (device::thread_index() & kHalf) != 0;
    STG_UNROLL
    for (int i = 0; i < kHalf; ++i) {
      const T given = upper ? values[i] : values[i + kHalf];
      const T kept = upper ? values[i + kHalf] : values[i];
      values[i] = kept + device::shuffle_xor(kAll, given, kHalf);
    }
    return warp_sums<M, kHalf / 2>(values);
  } else if constexpr (M == 16) {
    return values[0] + device::shuffle_xor(kAll, values[0], 16);
  } else {
    return values[0];
  }
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
