// SPDX-License-Identifier: MIT
#pragma once

#include "scan/row_math.hpp"

namespace stgmamba::kernels {

/// silu(x) = x sigmoid(x) and its slope sigmoid(x) (1 + x (1 - sigmoid(x))).
template <class V>
struct Silu {
  V value, slope;
};

template <class V>
STG_ROW_MATH Silu<V> silu(V x) {
  using T = typename V::Scalar;
  const V zero(T(0));
  const V one(T(1));
  const V z = exp_nonpositive(zero - magnitude(x));  // in (0, 1]
  const V inverse = one / (one + z);
  const V sigmoid = select_greater(x, zero, inverse, z * inverse);
  const V rest = select_greater(x, zero, z * inverse, inverse);  // 1 - sigmoid without cancelling
  const V value = x * sigmoid;
  return {value, fused(value, rest, sigmoid)};
}

}  // namespace stgmamba::kernels
