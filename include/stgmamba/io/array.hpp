// SPDX-License-Identifier: MIT
// A dense row-major array as files hold it: no strides, no device, no torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stgmamba/util/check.hpp"

namespace stgmamba::io {

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);  // "f32"

template <typename T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<double>() {
  return DType::kF64;
}
template <>
constexpr DType dtype_of<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType dtype_of<std::int16_t>() {
  return DType::kI16;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::kU8;
}

struct Array {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;

  std::int64_t numel() const;

  /// View as T; throws BugError when the dtype differs.
  template <typename T>
  std::span<const T> as() const {
    STG_CHECK(dtype == dtype_of<T>(), "[Array] asked for {}, holds {}", name_of(dtype_of<T>()), name_of(dtype));
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  template <typename T>
  static Array from(std::span<const T> values, std::vector<std::int64_t> shape) {
    Array array{dtype_of<T>(), std::move(shape), std::vector<std::byte>(values.size_bytes())};
    if (!values.empty()) {
      std::memcpy(array.bytes.data(), values.data(), values.size_bytes());
    }
    STG_CHECK(array.numel() == static_cast<std::int64_t>(values.size()), "[Array] {} values do not fill the shape",
              values.size());
    return array;
  }
};

/// Any real dtype to float, for readers that accept what other tools wrote.
std::vector<float> to_float(const Array& array);

}  // namespace stgmamba::io
