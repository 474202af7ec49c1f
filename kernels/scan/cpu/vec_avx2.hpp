// SPDX-License-Identifier: MIT
// Eight channels in one AVX2 register; needs FMA and F16C as well.
#pragma once

#include <cstdint>

#include <immintrin.h>

#include "scan/cpu/half.hpp"
#include "scan/row_math.hpp"

namespace stgmamba::kernels::avx2 {

struct Floats {
  using Scalar = float;
  static constexpr int kLanes = 8;
  static constexpr int kStates = 4;  // states kept in registers at a time
  /// A is stored as 8 A log2(e): the exponent in eighths of an octave.
  static constexpr double kRateScale = 8.0 / kLn2;

  Floats() = default;
  STG_ROW_MATH Floats(__m256 x) : v(x) {}
  STG_ROW_MATH explicit Floats(float x) : v(_mm256_set1_ps(x)) {}

  static STG_ROW_MATH float widen(float x) { return x; }
  static STG_ROW_MATH float widen(Float16 x) { return _cvtsh_ss(x.bits); }
  static STG_ROW_MATH float widen(BFloat16 x) {
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(x.bits << 16)));
  }
  static STG_ROW_MATH void narrow(float x, float* to) { *to = x; }
  static STG_ROW_MATH void narrow(float x, Float16* to) { to->bits = _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT); }
  static STG_ROW_MATH void narrow(float x, BFloat16* to) {
    BFloat16 lanes[kLanes];
    Floats(x).store(lanes);
    *to = lanes[0];
  }

  static STG_ROW_MATH Floats load(const float* p) { return _mm256_loadu_ps(p); }
  static STG_ROW_MATH Floats load(const BFloat16* p) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
  static STG_ROW_MATH Floats load(const Float16* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  STG_ROW_MATH void store(float* p) const { _mm256_storeu_ps(p, v); }
  STG_ROW_MATH void store(BFloat16* p) const {
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i even = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
    const __m256i kept = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));  // a NaN must stay one
    const __m256 nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
    const __m256i rounded = _mm256_srli_epi32(_mm256_blendv_epi8(even, kept, _mm256_castps_si256(nan)), 16);
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
  }
  STG_ROW_MATH void store(Float16* p) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }

  __m256 v;
};

STG_ROW_MATH Floats operator+(Floats a, Floats b) {
  return _mm256_add_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator-(Floats a, Floats b) {
  return _mm256_sub_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator*(Floats a, Floats b) {
  return _mm256_mul_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator/(Floats a, Floats b) {
  return _mm256_div_ps(a.v, b.v);
}
STG_ROW_MATH Floats fused(Floats a, Floats b, Floats c) {
  return _mm256_fmadd_ps(a.v, b.v, c.v);
}
STG_ROW_MATH Floats larger(Floats a, Floats b) {
  return _mm256_max_ps(b.v, a.v);
}  // a where a is NaN
STG_ROW_MATH Floats magnitude(Floats x) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x.v);
}
STG_ROW_MATH Floats select_greater(Floats x, Floats y, Floats yes, Floats no) {
  return _mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(x.v, y.v, _CMP_GT_OQ));
}

/// exp(x) for x <= 0, to 1e-7 of its value also where x is large: log2 e in two parts.
STG_ROW_MATH Floats exp_nonpositive(Floats x) {
  const __m256 clamped = _mm256_max_ps(_mm256_set1_ps(-87.0F), x.v);
  const __m256 n =
      _mm256_round_ps(_mm256_mul_ps(clamped, _mm256_set1_ps(kLog2E)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 head = _mm256_fmsub_ps(clamped, _mm256_set1_ps(kLog2EHigh), n);
  const Floats f = _mm256_fmadd_ps(clamped, _mm256_set1_ps(kLog2ELow), head);
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return exp2_fraction(f) * Floats(_mm256_castsi256_ps(power));
}
STG_ROW_MATH Floats log1p_unit(Floats z) {
  return log1p_by_atanh(z);
}

/// exp(delta A) <= 1 from delta and rate = A kRateScale: 8 powers of two in a register, degree 4 between them.
/// The table holds bits(2^(j/8)) - (j << 20): what makes (8 n + j) << 20, added, the bits of 2^(n + j/8).
STG_ROW_MATH Floats decay_of(Floats delta, Floats rate) {
  const __m256 magic = _mm256_set1_ps(12582912.0F);             // 1.5 * 2^23
  const __m256 lowest = _mm256_set1_ps(12582912.0F - 1000.0F);  // 2^-125: what is below counts as this
  const __m256 table = _mm256_castsi256_ps(_mm256_setr_epi32(0x3F800000, 0x3F7B95C2, 0x3F7837F0, 0x3F75FED7, 0x3F7504F3,
                                                             0x3F75672A, 0x3F7744FD, 0x3F7AC0C7));
  const __m256 shifted = _mm256_max_ps(lowest, _mm256_fmadd_ps(delta.v, rate.v, magic));
  const Floats f = _mm256_fmsub_ps(delta.v, rate.v, _mm256_sub_ps(shifted, magic));
  const __m256i index = _mm256_castps_si256(shifted);
  const __m256i entry = _mm256_castps_si256(_mm256_permutevar8x32_ps(table, index));
  const Floats power = _mm256_castsi256_ps(_mm256_add_epi32(entry, _mm256_slli_epi32(index, 20)));
  Floats slope = fused(Floats(kExp2By8[3]), f, Floats(kExp2By8[2]));
  slope = fused(fused(slope, f, Floats(kExp2By8[1])), f, Floats(kExp2By8[0]));
  return fused(power, slope * f, power);  // one rounding, where power * (1 + slope f) has two
}

/// out[k] += the sum of the lanes of p[k].
STG_ROW_MATH void add_lane_sums(const Floats (&p)[4], float* out) {
  const __m256 ab = _mm256_hadd_ps(p[0].v, p[1].v);
  const __m256 cd = _mm256_hadd_ps(p[2].v, p[3].v);
  const __m256 both = _mm256_hadd_ps(ab, cd);  // [a b c d | a b c d]
  const __m128 sums = _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
  _mm_storeu_ps(out, _mm_add_ps(_mm_loadu_ps(out), sums));
}
STG_ROW_MATH void add_lane_sums(const Floats (&p)[1], float* out) {
  const __m128 quad = _mm_add_ps(_mm256_castps256_ps128(p[0].v), _mm256_extractf128_ps(p[0].v, 1));
  const __m128 pair = _mm_add_ps(quad, _mm_movehl_ps(quad, quad));
  *out += _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}

}  // namespace stgmamba::kernels::avx2
