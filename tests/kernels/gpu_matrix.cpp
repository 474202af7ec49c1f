// SPDX-License-Identifier: MIT
#include "kernels/gpu_matrix.hpp"

#include <cstring>

#include "scan/gpu/half.hpp"

namespace stgmamba::kernels::test {
namespace {

template <typename T>
void put(unsigned char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}
template <typename T>
T take(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace

std::int64_t scalar_bytes(Scalar type) {
  return type == Scalar::kFloat64 ? 8 : type == Scalar::kFloat32 ? 4 : 2;
}
Scalar accumulation(Scalar io) {
  return io == Scalar::kFloat64 ? io : Scalar::kFloat32;
}

GuardedMatrix::GuardedMatrix(const std::string& name, Scalar type, std::int64_t rows, std::int64_t columns,
                             std::int64_t padding)
    : type_(type),
      rows_(rows),
      columns_(columns),
      padding_(padding),
      buffer_(name, {rows, columns * scalar_bytes(type), (columns + padding) * scalar_bytes(type)}) {}

unsigned char* GuardedMatrix::element(std::int64_t i) const {
  return static_cast<unsigned char*>(buffer_.data()) + (i / columns_ * stride() + i % columns_) * scalar_bytes(type_);
}

void GuardedMatrix::set(const std::vector<double>& values) {
  for (std::int64_t i = 0; i < rows_ * columns_; ++i) {
    const double x = values.at(static_cast<std::size_t>(i));
    switch (type_) {
      case Scalar::kFloat32:
        put(element(i), static_cast<float>(x));
        break;
      case Scalar::kFloat64:
        put(element(i), x);
        break;
      case Scalar::kBFloat16:
        put(element(i), bfloat16_from(static_cast<float>(x)));
        break;
      case Scalar::kFloat16:
        put(element(i), float16_from(static_cast<float>(x)));
        break;
    }
  }
}

std::vector<double> GuardedMatrix::get() const {
  std::vector<double> values(static_cast<std::size_t>(rows_ * columns_));
  for (std::int64_t i = 0; i < rows_ * columns_; ++i) {
    const unsigned char* from = element(i);
    values[static_cast<std::size_t>(i)] = type_ == Scalar::kFloat32    ? take<float>(from)
                                          : type_ == Scalar::kFloat64  ? take<double>(from)
                                          : type_ == Scalar::kBFloat16 ? float_from(take<BFloat16>(from))
                                                                       : float_from(take<Float16>(from));
  }
  return values;
}

}  // namespace stgmamba::kernels::test
