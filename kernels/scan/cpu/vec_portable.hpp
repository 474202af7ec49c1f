// SPDX-License-Identifier: MIT
// Four channels in a compiler vector, for any CPU: four floats, or four doubles whose exponential is the library's.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "scan/cpu/half.hpp"
#include "scan/row_math.hpp"

namespace stgmamba::kernels::portable {

template <class T>
struct Raw;
template <>
struct Raw<float> {
  using Values [[gnu::vector_size(16)]] = float;
  using Bits [[gnu::vector_size(16)]] = std::int32_t;
};
template <>
struct Raw<double> {
  using Values [[gnu::vector_size(32)]] = double;
  using Bits [[gnu::vector_size(32)]] = std::int64_t;
};

float from_half(Float16 x);
Float16 to_half(float x);
BFloat16 to_bfloat(float x);

template <class T>
struct Vec {
  using Scalar = T;
  using Values = typename Raw<T>::Values;
  using Bits = typename Raw<T>::Bits;
  static constexpr int kLanes = 4;
  static constexpr int kStates = 4;  // states kept in registers at a time
  static constexpr double kRateScale = sizeof(T) == 4 ? 1.0 / kLn2 : 1.0;

  Vec() = default;
  STG_ROW_MATH Vec(Values x) : v(x) {}
  STG_ROW_MATH explicit Vec(T x) : v(Values{x, x, x, x}) {}

  static STG_ROW_MATH T widen(T x) { return x; }
  static STG_ROW_MATH T widen(Float16 x) { return from_half(x); }
  static STG_ROW_MATH T widen(BFloat16 x) {
    const std::uint32_t bits = static_cast<std::uint32_t>(x.bits) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  static STG_ROW_MATH void narrow(T x, T* to) { *to = x; }
  static STG_ROW_MATH void narrow(T x, Float16* to) { *to = to_half(static_cast<float>(x)); }
  static STG_ROW_MATH void narrow(T x, BFloat16* to) { *to = to_bfloat(static_cast<float>(x)); }

  template <class Io>
  static STG_ROW_MATH Vec load(const Io* p) {
    return Values{widen(p[0]), widen(p[1]), widen(p[2]), widen(p[3])};
  }
  static STG_ROW_MATH Vec load(const T* p) {
    Vec x;
    std::memcpy(&x.v, p, sizeof(Values));
    return x;
  }
  STG_ROW_MATH void store(T* p) const { std::memcpy(p, &v, sizeof(Values)); }
  template <class Io>
  STG_ROW_MATH void store(Io* p) const {
    for (int i = 0; i < kLanes; ++i) {
      narrow(v[i], p + i);
    }
  }

  Values v;
};

template <class T>
STG_ROW_MATH Vec<T> operator+(Vec<T> a, Vec<T> b) {
  return a.v + b.v;
}
template <class T>
STG_ROW_MATH Vec<T> operator-(Vec<T> a, Vec<T> b) {
  return a.v - b.v;
}
template <class T>
STG_ROW_MATH Vec<T> operator*(Vec<T> a, Vec<T> b) {
  return a.v * b.v;
}
template <class T>
STG_ROW_MATH Vec<T> operator/(Vec<T> a, Vec<T> b) {
  return a.v / b.v;
}
template <class T>
STG_ROW_MATH Vec<T> fused(Vec<T> a, Vec<T> b, Vec<T> c) {
  return a.v * b.v + c.v;
}
template <class T>
STG_ROW_MATH Vec<T> select_greater(Vec<T> x, Vec<T> y, Vec<T> yes, Vec<T> no) {
  using Bits = typename Vec<T>::Bits;
  const Bits mask = x.v > y.v;
  return (typename Vec<T>::Values)((mask & (Bits)yes.v) | (~mask & (Bits)no.v));
}
template <class T>
STG_ROW_MATH Vec<T> larger(Vec<T> a, Vec<T> b) {  // a where a is NaN
  return select_greater(b, a, b, a);
}
template <class T>
STG_ROW_MATH Vec<T> magnitude(Vec<T> x) {
  using Bits = typename Vec<T>::Bits;
  const Vec<T> sign(T(-0.0));
  return (typename Vec<T>::Values)((Bits)x.v & ~(Bits)sign.v);
}

/// 2^n from shifted = n + 1.5 * 2^23, n an integer.
STG_ROW_MATH Vec<float> power_of(Vec<float> shifted) {
  using Bits = Raw<float>::Bits;
  const Bits bias = {0x3F800000, 0x3F800000, 0x3F800000, 0x3F800000};
  return (Raw<float>::Values)(((Bits)shifted.v << 23) + bias);
}

STG_ROW_MATH Vec<float> exp_nonpositive(Vec<float> x) {
  const Vec<float> magic(12582912.0F);
  const Vec<float> clamped = larger(x, Vec<float>(-87.0F));
  const Vec<float> shifted = clamped * Vec<float>(kLog2E) + magic;
  const Vec<float> n = shifted - magic;
  // x - n ln 2 in two parts (the first product is exact), then back to a fraction of an octave.
  const Vec<float> rest = clamped - n * Vec<float>(0.693359375F) - n * Vec<float>(-2.12194440e-4F);
  return power_of(shifted) * exp2_fraction(rest * Vec<float>(kLog2E));
}
STG_ROW_MATH Vec<double> exp_nonpositive(Vec<double> x) {
  return Raw<double>::Values{std::exp(x.v[0]), std::exp(x.v[1]), std::exp(x.v[2]), std::exp(x.v[3])};
}
STG_ROW_MATH Vec<float> log1p_unit(Vec<float> z) {
  return log1p_by_atanh(z);
}
STG_ROW_MATH Vec<double> log1p_unit(Vec<double> z) {
  return Raw<double>::Values{std::log1p(z.v[0]), std::log1p(z.v[1]), std::log1p(z.v[2]), std::log1p(z.v[3])};
}

/// exp(delta A) <= 1 from delta and rate = A kRateScale. The product is taken in double, where it is exact: without a
/// fused multiply-add its rounding would carry over, |x| 2^-24 of every decay.
STG_ROW_MATH Vec<float> decay_of(Vec<float> delta, Vec<float> rate) {
  using Wide = Raw<double>::Values;
  const Vec<float> magic(12582912.0F);
  const Vec<float> shifted = larger(delta * rate, Vec<float>(-125.0F)) + magic;  // what is below counts as 2^-125
  const Wide exact = __builtin_convertvector(delta.v, Wide) * __builtin_convertvector(rate.v, Wide);
  const Wide rest = exact - __builtin_convertvector((shifted - magic).v, Wide);
  const Vec<float> fraction = __builtin_convertvector(rest, Raw<float>::Values);
  return power_of(shifted) * exp2_fraction(larger(fraction, Vec<float>(-0.5F)));
}
STG_ROW_MATH Vec<double> decay_of(Vec<double> delta, Vec<double> rate) {
  return exp_nonpositive(delta * rate);
}

/// out[k] += the sum of the lanes of p[k].
template <class T, int K>
STG_ROW_MATH void add_lane_sums(const Vec<T> (&p)[K], T* out) {
  for (int k = 0; k < K; ++k) {
    out[k] += (p[k].v[0] + p[k].v[1]) + (p[k].v[2] + p[k].v[3]);
  }
}

}  // namespace stgmamba::kernels::portable
