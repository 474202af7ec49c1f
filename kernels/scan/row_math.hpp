// SPDX-License-Identifier: MIT
// The maths of one token and channel, written once for one number (float) and for a SIMD vector of channels.
//
// A type V takes part by offering, next to itself, fused(a, b, c) = a b + c, larger(a, b), magnitude(x),
// select_greater(x, y, yes, no) = x > y ? yes : no, exp_nonpositive(x) for x <= 0 and log1p_unit(z) for 0 <= z <= 1.
#pragma once

#if defined(__CUDACC__)
#define STG_ROW_MATH __host__ __device__ __forceinline__
#else
#define STG_ROW_MATH inline __attribute__((always_inline))
#endif

namespace stgmamba::kernels {

/// softplus(s) is s itself above this, as PyTorch has it.
inline constexpr float kSoftplusThreshold = 20.0F;

inline constexpr float kLog2E = 1.44269504088896340736F;
inline constexpr float kLog2EHigh = 1.44269502162933349609F;  // the float nearest to log2 e ...
inline constexpr float kLog2ELow = 1.92596303e-8F;            // ... and what it leaves out
inline constexpr double kLn2 = 0.69314718055994530942;

/// 2^f for |f| <= 1/2 is 1 + f (kExp2[0] + f (kExp2[1] + ...)) to 2e-9 of its value (minimax, degree 6).
inline constexpr float kExp2[] = {6.93147205737e-1F, 2.40226468906e-1F, 5.55032877711e-2F,
                                  9.61848895633e-3F, 1.33999311772e-3F, 1.53458121613e-4F};
/// 2^(f/8) for |f| <= 1/2, degree 4, to 6e-10: for a table of 8 powers. Degree 3 (3e-8) was seen in d_a of long
/// sequences.
inline constexpr float kExp2By8[] = {8.66433967852e-2F, 3.75353922307e-3F, 1.08419131181e-4F, 2.34805991241e-6F};
/// 2^(f/16) for |f| <= 1/2, degree 3, to 2e-9: for a table of 16 powers.
inline constexpr float kExp2By16[] = {4.33216988943e-2F, 9.38421481873e-4F, 1.35504898998e-5F};
/// 2 atanh(w) / w = 2 + y (kAtanh[0] + y (kAtanh[1] + ...)), y = w^2 <= 1/9, to 5e-9 (minimax).
inline constexpr float kAtanh[] = {6.66664162859e-1F, 4.00215272303e-1F, 2.80018054018e-1F, 2.80119862492e-1F};

/// 2^f for |f| <= 1/2.
template <class V>
STG_ROW_MATH V exp2_fraction(V f) {
  V p = fused(V(kExp2[5]), f, V(kExp2[4]));
  p = fused(p, f, V(kExp2[3]));
  p = fused(p, f, V(kExp2[2]));
  p = fused(p, f, V(kExp2[1]));
  p = fused(p, f, V(kExp2[0]));
  return fused(p, f, V(1.0F));
}

/// log(1 + z) for 0 <= z <= 1 as 2 atanh(z / (2 + z)): accurate however small z is, where log(1 + z) is not.
template <class V>
STG_ROW_MATH V log1p_by_atanh(V z) {
  constexpr float c0 = kAtanh[0], c1 = kAtanh[1], c2 = kAtanh[2], c3 = kAtanh[3];  // device code knows no host array
  const V w = z / (z + V(2.0F));
  const V y = w * w;
  V p = fused(V(c3), y, V(c2));
  p = fused(p, y, V(c1));
  p = fused(p, y, V(c0));
  return w * fused(p, y, V(2.0F));
}

/// delta = softplus(s) and, for the backward pass, its slope sigmoid(s).
template <class V>
struct Softplus {
  V value, slope;
};

template <class V>
STG_ROW_MATH Softplus<V> softplus(V s) {
  const V zero(0.0F);
  const V one(1.0F);
  const V z = exp_nonpositive(zero - magnitude(s));  // in (0, 1]
  const V inverse = one / (one + z);
  const V value = larger(s, zero) + log1p_unit(z);
  // Not 1 - exp(-delta): that cancels where delta is small.
  const V slope = select_greater(s, zero, inverse, z * inverse);
  const V threshold(kSoftplusThreshold);
  return {select_greater(s, threshold, s, value), select_greater(s, threshold, one, slope)};
}

}  // namespace stgmamba::kernels
