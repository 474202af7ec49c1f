// SPDX-License-Identifier: MIT
#include "scan/cpu/kernels.hpp"
#include "scan/cpu/vec_portable.hpp"

namespace stgmamba::kernels {

const ScanKernels* portable_kernels(Scalar io) {
  using portable::Vec;
  switch (io) {
    case Scalar::kFloat32:
      return &kScanKernels<Vec<float>, float>;
    case Scalar::kFloat64:
      return &kScanKernels<Vec<double>, double>;
    case Scalar::kBFloat16:
      return &kScanKernels<Vec<float>, BFloat16>;
    case Scalar::kFloat16:
      return &kScanKernels<Vec<float>, Float16>;
  }
  return nullptr;
}

namespace portable {
namespace {

std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}
float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

}  // namespace

float from_half(Float16 x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000) << 16;
  const std::uint32_t magnitude = x.bits & 0x7FFFU;
  if (magnitude < 0x400) {  // zero and denormal: a multiple of 2^-24
    return float_of(sign | bits_of(static_cast<float>(magnitude) * 5.9604644775390625e-8F));
  }
  const std::uint32_t exponent = magnitude >= 0x7C00 ? 0x70000000U : 0x38000000U;
  return float_of(sign | ((magnitude << 13) + exponent));
}

Float16 to_half(float x) {
  const std::uint32_t bits = bits_of(x);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) {
    return {static_cast<std::uint16_t>(sign | 0x7E00)};
  }
  if (magnitude >= 0x477FF000) {  // rounds to 65536 or above
    return {static_cast<std::uint16_t>(sign | 0x7C00)};
  }
  if (magnitude < 0x38800000) {  // denormal: adding 1/2 leaves the multiple of 2^-24 in the low bits
    return {static_cast<std::uint16_t>(sign | (bits_of(float_of(magnitude) + 0.5F) - 0x3F000000U))};
  }
  const std::uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return {static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13))};
}

BFloat16 to_bfloat(float x) {
  const std::uint32_t bits = bits_of(x);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) {
    return {static_cast<std::uint16_t>(bits >> 16 | 0x40)};
  }
  return {static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

}  // namespace portable
}  // namespace stgmamba::kernels
