// SPDX-License-Identifier: MIT
// Sums over all threads of a block, handed to all of them.
#pragma once

#include "scan/gpu/device.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

/// values[i] becomes the sum over the block, warps in order. Costs one barrier: the M sums of the warps go to `buffer`
/// [warps, M], and calls must take two buffers in turn, so that nobody writes what another thread still reads.
template <int M, typename T>
STG_DEVICE void block_sums(T (&values)[M], const device::Shared<T>& buffer) {
  constexpr unsigned kAll = 0xffffffffU;
  const int warp = device::thread_index() / 32;
  STG_UNROLL
  for (int i = 0; i < M; ++i) {
    STG_UNROLL
    for (int lanes = 16; lanes > 0; lanes /= 2) {
      values[i] += device::shuffle_xor(kAll, values[i], lanes);
    }
    if (device::thread_index() % 32 == 0) {
      buffer.store(warp * M + i, values[i]);
    }
  }
  device::barrier();
  const int warps = device::block_size() / 32;
  STG_UNROLL
  for (int i = 0; i < M; ++i) {
    values[i] = buffer.load(i);
  }
  for (int w = 1; w < warps; ++w) {
    STG_UNROLL
    for (int i = 0; i < M; ++i) {
      values[i] += buffer.load(w * M + i);
    }
  }
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
