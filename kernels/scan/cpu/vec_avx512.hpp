// SPDX-License-Identifier: MIT
// Sixteen channels in one AVX-512 register. The operations are those that row_math.hpp and the kernels ask of a vector.
#pragma once

#include <cstdint>

#include <immintrin.h>

#include "scan/cpu/half.hpp"
#include "scan/row_math.hpp"

namespace stgmamba::kernels::avx512 {

struct Floats {
  using Scalar = float;
  static constexpr int kLanes = 16;
  static constexpr int kStates = 8;  // states kept in registers at a time
  /// A is stored as 16 A log2(e): the exponent in 16ths of an octave.
  static constexpr double kRateScale = 16.0 / kLn2;

  Floats() = default;
  STG_ROW_MATH Floats(__m512 x) : v(x) {}
  STG_ROW_MATH explicit Floats(float x) : v(_mm512_set1_ps(x)) {}

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

  static STG_ROW_MATH Floats load(const float* p) { return _mm512_loadu_ps(p); }
  static STG_ROW_MATH Floats load(const BFloat16* p) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
  static STG_ROW_MATH Floats load(const Float16* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  STG_ROW_MATH void store(float* p) const { _mm512_storeu_ps(p, v); }
  STG_ROW_MATH void store(BFloat16* p) const {
    const __m512i bits = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i even = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    const __m512i kept = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));  // a NaN must stay one
    const __m512i rounded = _mm512_mask_mov_epi32(even, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), kept);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
  }
  STG_ROW_MATH void store(Float16* p) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }

  __m512 v;
};

STG_ROW_MATH Floats operator+(Floats a, Floats b) {
  return _mm512_add_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator-(Floats a, Floats b) {
  return _mm512_sub_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator*(Floats a, Floats b) {
  return _mm512_mul_ps(a.v, b.v);
}
STG_ROW_MATH Floats operator/(Floats a, Floats b) {
  return _mm512_div_ps(a.v, b.v);
}
STG_ROW_MATH Floats fused(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a.v, b.v, c.v);
}
STG_ROW_MATH Floats larger(Floats a, Floats b) {
  return _mm512_max_ps(b.v, a.v);
}  // a where a is NaN
STG_ROW_MATH Floats magnitude(Floats x) {
  return _mm512_abs_ps(x.v);
}
STG_ROW_MATH Floats select_greater(Floats x, Floats y, Floats yes, Floats no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, y.v, _CMP_GT_OQ), no.v, yes.v);
}

/// exp(x) for x <= 0, to 1e-7 of its value also where x is large: log2 e in two parts.
STG_ROW_MATH Floats exp_nonpositive(Floats x) {
  const __m512 clamped = _mm512_max_ps(_mm512_set1_ps(-87.0F), x.v);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(clamped, _mm512_set1_ps(kLog2E)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 head = _mm512_fmsub_ps(clamped, _mm512_set1_ps(kLog2EHigh), n);
  const Floats f = _mm512_fmadd_ps(clamped, _mm512_set1_ps(kLog2ELow), head);
  return _mm512_scalef_ps(exp2_fraction(f).v, n);
}
STG_ROW_MATH Floats log1p_unit(Floats z) {
  return log1p_by_atanh(z);
}

/// bits(2^(j/16)) - (j << 19): what makes (16 n + j) << 19, added, the bits of 2^(n + j/16).
alignas(64) inline constexpr std::uint32_t kPowers[16] = {
    0x3F800000, 0x3F7DAAC3, 0x3F7B95C2, 0x3F79C3D3, 0x3F7837F0, 0x3F76F532, 0x3F75FED7, 0x3F75583F,
    0x3F7504F3, 0x3F7508A4, 0x3F75672A, 0x3F76248C, 0x3F7744FD, 0x3F78CCDF, 0x3F7AC0C7, 0x3F7D257D};

/// exp(delta A) <= 1 from delta and rate = A kRateScale: 16 powers of two in a register, degree 3 between them.
/// The sum with 1.5 2^23 rounds 16 log2 e delta A to an integer in the low bits; the product itself stays exact.
STG_ROW_MATH Floats decay_of(Floats delta, Floats rate) {
  const __m512 magic = _mm512_set1_ps(12582912.0F);
  const __m512 lowest = _mm512_set1_ps(12582912.0F - 2000.0F);  // 2^-125: what is below counts as this
  const __m512 shifted = _mm512_max_ps(lowest, _mm512_fmadd_ps(delta.v, rate.v, magic));
  const Floats f = _mm512_fmsub_ps(delta.v, rate.v, _mm512_sub_ps(shifted, magic));
  const __m512i index = _mm512_castps_si512(shifted);
  const __m512i entry = _mm512_permutexvar_epi32(index, _mm512_load_si512(kPowers));
  const Floats power = _mm512_castsi512_ps(_mm512_add_epi32(entry, _mm512_slli_epi32(index, 19)));
  const Floats slope = fused(fused(Floats(kExp2By16[2]), f, Floats(kExp2By16[1])), f, Floats(kExp2By16[0]));
  return fused(power, slope * f, power);  // one rounding, where power * (1 + slope f) has two
}

/// out[k] += the sum of the lanes of p[k].
STG_ROW_MATH void add_lane_sums(const Floats (&p)[8], float* out) {
  __m512 half[4];  // [a a b b] in quarters: the halves of two vectors added
  for (int i = 0; i < 4; ++i) {
    const __m512 a = p[2 * i].v;
    const __m512 b = p[2 * i + 1].v;
    half[i] = _mm512_mask_blend_ps(0xFF00, a, b) + _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(1, 0, 3, 2));
  }
  __m512 quarter[2];  // [a c b d] in quarters
  for (int i = 0; i < 2; ++i) {
    const __m512 a = half[2 * i];
    const __m512 b = half[2 * i + 1];
    const __m512 crossed = _mm512_mask_blend_ps(0xF0F0, b, a);
    quarter[i] = _mm512_mask_blend_ps(0xF0F0, a, b) + _mm512_shuffle_f32x4(crossed, crossed, _MM_SHUFFLE(2, 3, 0, 1));
  }
  const __m512 pairs = _mm512_mask_blend_ps(0xCCCC, quarter[0], quarter[1]) +
                       _mm512_shuffle_ps(quarter[0], quarter[1], _MM_SHUFFLE(1, 0, 3, 2));
  const __m512 sums = pairs + _mm512_permute_ps(pairs, _MM_SHUFFLE(2, 3, 0, 1));
  const __m512i order = _mm512_setr_epi32(0, 8, 4, 12, 2, 10, 6, 14, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256 ordered = _mm512_castps512_ps256(_mm512_permutexvar_ps(order, sums));
  _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), ordered));
}
template <int K>
STG_ROW_MATH void add_lane_sums(const Floats (&p)[K], float* out) {
  for (int k = 0; k < K; ++k) {
    out[k] += _mm512_reduce_add_ps(p[k].v);
  }
}

}  // namespace stgmamba::kernels::avx512
