// SPDX-License-Identifier: MIT
// Softplus and its slope for one value, and the tokens of a path: what the forward and the backward kernel share.
#pragma once

#include "scan/gpu/device.hpp"
#include "scan/gpu/plan.hpp"
#include "scan/row_math.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {

inline constexpr double kLog2EDouble = 1.4426950408889634;  // for float64 in the emulation; rounds to kLog2E

/// One float as the shared row maths wants it (scan/row_math.hpp).
struct Number {
  float x;
  STG_DEVICE explicit Number(float value) : x(value) {}
  friend STG_DEVICE Number operator+(Number a, Number b) { return Number(a.x + b.x); }
  friend STG_DEVICE Number operator*(Number a, Number b) { return Number(a.x * b.x); }
  friend STG_DEVICE Number operator/(Number a, Number b) { return Number(a.x * device::reciprocal(b.x)); }
  friend STG_DEVICE Number fused(Number a, Number b, Number c) { return Number(device::fma(a.x, b.x, c.x)); }
};

/// log(1 + exp(s)) = max(s, 0) + log(1 + exp(-|s|)), accurate where the result is small, which it is in training (1e-3
/// to 1e-1). Above 20 the second summand vanishes in float: the cut-off of the formula costs nothing.
STG_DEVICE float softplus(float s) {
  const Number e(device::exp2(device::abs(s) * -kLog2E));
  return log1p_by_atanh(e).x + device::max(s, 0.0F);
}

/// d softplus / ds = 1 / (1 + exp(-s)); not 1 - exp(-delta), which cancels.
STG_DEVICE float softplus_slope(float s) {
  return device::reciprocal(1.0F + device::exp2(s * -kLog2E));
}

#ifndef __CUDACC__
inline double softplus(double s) {
  return s > 20 ? s : std::log1p(std::exp(s));
}
inline double softplus_slope(double s) {
  return s > 20 ? 1.0 : 1.0 / (1.0 + std::exp(-s));
}
#endif

/// First token of a sequence.
STG_DEVICE int first_token(const PathArgs& path, int sequence) {
  const int outer = sequence / path.inner;
  return outer * path.outer_stride + (sequence - outer * path.inner) * path.inner_stride;
}

/// Token at position t of the sequence that begins at `base`.
STG_DEVICE int token_at(const PathArgs& path, int base, int t) {
  const int k = path.reverse != 0 ? path.length - 1 - t : t;
  if (path.order == nullptr) {
    return base + k * path.step;
  }
  const int round = k / path.period * path.period;
  return base + (round + device::load(path.order + (k - round))) * path.step;
}

template <typename Io>
STG_DEVICE Io* at(const Lines& lines, int token, int column) {
  return reinterpret_cast<Io*>(lines.data + static_cast<long long>(token) * lines.stride) + column;
}

/// Stages tokens and the rows of B and C for steps [begin, begin + steps): bc [steps, 2 N], zero beyond `states`.
/// Called by the whole block, between barriers. N is a power of two.
template <typename Io, int N, typename Branch>
STG_DEVICE void stage_rows(const Branch& branch, int states, int base, int begin, int steps,
                           const device::Shared<Accum<Io>>& bc, const device::Shared<int>& tokens) {
  const int threads = device::block_size();
  for (int i = device::thread_index(); i < steps; i += threads) {
    tokens.store(i, token_at(branch.path, base, begin + i));
  }
  for (int i = device::thread_index(); i < steps * 2 * N; i += threads) {
    const int n = i % N;
    const Lines& rows = i / N % 2 == 0 ? branch.b : branch.c;
    const int token = token_at(branch.path, base, begin + i / (2 * N));
    bc.store(i, n < states ? Accum<Io>(device::load(at<const Io>(rows, token, n))) : Accum<Io>(0));
  }
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
