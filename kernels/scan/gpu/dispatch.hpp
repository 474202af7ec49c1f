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

template <typename Call>
const char* with_type_and_states(Scalar io, int padded, const Call& call) {
  switch (io) {
    case Scalar::kFloat32:
      return with_states<float>(padded, call);
    case Scalar::kBFloat16:
      return with_states<BFloat16>(padded, call);
    case Scalar::kFloat16:
      return with_states<Float16>(padded, call);
    case Scalar::kFloat64:
#ifdef __CUDACC__
      break;
#else
      return with_states<double>(padded, call);
#endif
  }
  return "the CUDA scan has no float64";
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
