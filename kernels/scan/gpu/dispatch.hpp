// SPDX-License-Identifier: MIT
// From the type and states of a problem to the template arguments of a kernel.
#pragma once

#include <type_traits>

#include "scan/gpu/device.hpp"
#include "scan/problem.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

template <typename T>
struct Type {
  using type = T;
};

/// call(Type<Io>, N) for N of 8, 16 or 32; returns what it returns.
template <typename Io, typename Call>
const char* with_states(int padded, const Call& call) {
  switch (padded) {
    case 8:
      return call(Type<Io>{}, std::integral_constant<int, 8>{});
    case 16:
      return call(Type<Io>{}, std::integral_constant<int, 16>{});
    default:
      return call(Type<Io>{}, std::integral_constant<int, 32>{});
  }
}

/// call(Type<Io>) for the type of a problem; float64 exists in the emulation only.
template <typename Call>
const char* with_type(Scalar io, const Call& call) {
  switch (io) {
    case Scalar::kFloat32:
      return call(Type<float>{});
    case Scalar::kBFloat16:
      return call(Type<BFloat16>{});
    case Scalar::kFloat16:
      return call(Type<Float16>{});
    case Scalar::kFloat64:
#ifdef __CUDACC__
      break;
#else
      return call(Type<double>{});
#endif
  }
  return "the CUDA kernels have no float64";
}

template <typename Call>
const char* with_type_and_states(Scalar io, int padded, const Call& call) {
  return with_type(io, [&](auto type) { return with_states<typename decltype(type)::type>(padded, call); });
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
