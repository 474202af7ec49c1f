// SPDX-License-Identifier: MIT
#include "stgmamba/io/array.hpp"

#include <bit>

namespace stgmamba::io {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kF64:
    case DType::kI64:
      return 8;
    case DType::kF32:
    case DType::kI32:
      return 4;
    case DType::kF16:
    case DType::kBF16:
    case DType::kI16:
      return 2;
    case DType::kI8:
    case DType::kU8:
    case DType::kBool:
      return 1;
  }
  return 0;
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return "f64";
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBF16:
      return "bf16";
    case DType::kI64:
      return "i64";
    case DType::kI32:
      return "i32";
    case DType::kI16:
      return "i16";
    case DType::kI8:
      return "i8";
    case DType::kU8:
      return "u8";
    case DType::kBool:
      return "bool";
  }
  return "?";
}

std::int64_t Array::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    count *= size;
  }
  return count;
}

namespace {

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16U;
  std::uint32_t exponent = (half >> 10U) & 31U;
  std::uint32_t mantissa = half & 1023U;
  if (exponent == 31) {
    return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13U));
  }
  if (exponent == 0) {
    const float value = static_cast<float>(mantissa) / 16777216.0F;  // subnormal: mantissa 2^-24
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
}

template <typename T, typename Convert>
std::vector<float> convert(const Array& array, Convert to_value) {
  std::vector<float> out(array.bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = to_value(value);
  }
  return out;
}

template <typename T>
std::vector<float> cast(const Array& array) {
  return convert<T>(array, [](T value) { return static_cast<float>(value); });
}

}  // namespace

std::vector<float> to_float(const Array& array) {
  switch (array.dtype) {
    case DType::kF64:
      return cast<double>(array);
    case DType::kF32:
      return cast<float>(array);
    case DType::kF16:
      return convert<std::uint16_t>(array, half_to_float);
    case DType::kBF16:
      return convert<std::uint16_t>(
          array, [](std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U); });
    case DType::kI64:
      return cast<std::int64_t>(array);
    case DType::kI32:
      return cast<std::int32_t>(array);
    case DType::kI16:
      return cast<std::int16_t>(array);
    case DType::kI8:
      return cast<std::int8_t>(array);
    case DType::kU8:
    case DType::kBool:
      return cast<std::uint8_t>(array);
  }
  return {};
}

}  // namespace stgmamba::io
