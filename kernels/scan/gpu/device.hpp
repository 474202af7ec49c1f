// SPDX-License-Identifier: MIT
// The thin layer that kernels are written against. Under nvcc it is CUDA; under a C++ compiler it is the emulation, in
// which every rule that a GPU leaves to the programmer is checked. Both offer, in namespace `device`:
//
//   thread_index block_size block_index     barrier shuffle_xor     load store (global memory)
//   Shared<T>: load store load4 store4      exp2 reciprocal inverse_sqrt fma max abs     launch
//
// Arithmetic on float flushes denormals in both (nvcc -ftz=true; MXCSR in the emulation).
#pragma once

#include "scan/gpu/half.hpp"

namespace stgmamba::kernels {

/// Four values that travel together: one 16-byte access for float.
template <typename T>
struct alignas(16) Four {
  T v[4];
};

struct LaunchShape {
  long long blocks = 0;
  int threads = 0;       // a block
  int shared_bytes = 0;  // a block
};

}  // namespace stgmamba::kernels

#ifdef __CUDACC__
#include "scan/gpu/device_cuda.hpp"
#else
#include "emulation/device.hpp"
#endif

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

/// The type that a kernel computes in for an I/O type.
template <typename Io>
struct AccumulationType {
  using type = float;
};
template <>
struct AccumulationType<double> {
  using type = double;
};
template <typename Io>
using Accum = typename AccumulationType<Io>::type;

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
