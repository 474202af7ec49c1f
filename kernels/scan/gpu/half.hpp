// SPDX-License-Identifier: MIT
// Conversions of the 16-bit types on the host: round to nearest, ties to even.
#pragma once

#include <bit>
#include <cstdint>

#include "scan/cpu/half.hpp"

namespace stgmamba::kernels {

inline float float_from(BFloat16 x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

inline BFloat16 bfloat16_from(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffU) > 0x7f800000U) {
    return {static_cast<std::uint16_t>(bits >> 16 | 0x40U)};  // a NaN stays one
  }
  return {static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16)};
}

inline float float_from(Float16 x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000U) << 16;
  const std::uint32_t rest = x.bits & 0x7fffU;
  if (rest >= 0x7c00U) {
    return std::bit_cast<float>(sign | 0x7f800000U | rest << 13);
  }
  if (rest >= 0x0400U) {
    return std::bit_cast<float>(sign | ((rest << 13) + (112U << 23)));
  }
  const float magnitude = static_cast<float>(rest) * 0x1p-24F;  // a subnormal of float16 is a normal float
  return (x.bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

inline Float16 float16_from(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
  const std::uint32_t rest = bits & 0x7fffffffU;
  if (rest > 0x7f800000U) {
    return {static_cast<std::uint16_t>(sign | 0x7e00U)};
  }
  if (rest >= 0x477ff000U) {
    return {static_cast<std::uint16_t>(sign | 0x7c00U)};  // rounds above 65504
  }
  if (rest >= 0x38800000U) {
    const std::uint32_t shifted = rest - (112U << 23);
    return {static_cast<std::uint16_t>(sign | (shifted + 0xfffU + (shifted >> 13 & 1U)) >> 13)};
  }
  // Subnormal: adding 0.5 puts the last kept bit where the addition rounds it.
  const float rounded = std::bit_cast<float>(rest) + 0.5F;
  return {static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3f000000U))};
}

}  // namespace stgmamba::kernels
