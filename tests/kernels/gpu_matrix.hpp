// SPDX-License-Identifier: MIT
// Operands and results of a GPU scan: values in double outside, storage types and guarded padding inside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulation/global_memory.hpp"
#include "scan/problem.hpp"

namespace stgmamba::kernels::test {

std::int64_t scalar_bytes(Scalar type);
/// float32, or float64 for float64.
Scalar accumulation(Scalar io);

/// A [rows, columns] matrix of a storage type; `padding` elements after every row that nobody may touch.
class GuardedMatrix {
 public:
  GuardedMatrix(const std::string& name, Scalar type, std::int64_t rows, std::int64_t columns,
                std::int64_t padding = 0);
  /// Rounds to the storage type.
  void set(const std::vector<double>& values);
  std::vector<double> get() const;
  std::int64_t columns() const { return columns_; }
  std::int64_t stride() const { return columns_ + padding_; }
  emulation::GuardedBuffer& buffer() { return buffer_; }

 private:
  unsigned char* element(std::int64_t i) const;
  Scalar type_;
  std::int64_t rows_, columns_, padding_;
  mutable emulation::GuardedBuffer buffer_;
};

}  // namespace stgmamba::kernels::test
